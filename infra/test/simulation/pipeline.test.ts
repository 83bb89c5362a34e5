// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { stagesOf } from '../../src/index.ts';
import { CERTIFICATE } from '../support/certificate.ts';
import { Life } from './support/life.ts';

test('a vault with a pipeline lives as one without: every call is one that a policy allowed', () => {
  const life = new Life({
    config: {
      deployers: [
        'arn:aws:iam::111122223333:role/people/deployer',
        'arn:aws:iam::111122223333:role/vault/vault-deploy',
      ],
      pipeline: { source: 'upload', signingCertificate: CERTIFICATE },
    },
  });
  life.deployAll();
  expect(life.account.world.all('AWS::CodePipeline::Pipeline')).toHaveLength(1);
  expect(life.account.world.all('AWS::CodeBuild::Project')).toHaveLength(2);
  expect(life.account.journal.filter(({ allowed }) => !allowed)).toEqual([]);
  for (const stage of stagesOf(life.config)) expect(life.deploy(stage), stage.id).toBe(false);
  life.rollOut('2');
  const signing = (): readonly string[] =>
    life.account.world
      .all('AWS::KMS::Key')
      .filter(({ properties }) => properties.KeySpec === 'ECC_NIST_P384')
      .map(({ arn }) => arn);
  const before = signing();
  life.destroyAll();
  // Kept, and taken up again: another image key would be another certificate.
  life.deployAll('2');
  expect(signing()).toEqual(expect.arrayContaining([...before]));
  expect(life.account.world.all('AWS::CodePipeline::Pipeline')).toHaveLength(1);
});
