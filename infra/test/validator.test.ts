// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { afterAll, expect, test, vi } from 'vitest';
import { exampleKnown, stagesOf, synthesize } from '../src/index.ts';
import { defineStage } from '../src/stage.ts';
import { schemaValidator } from '../src/validator.ts';
import { configOf } from './support/known.ts';

const folder = mkdtempSync(join(tmpdir(), 'enclave-vault-validator-'));
const known = exampleKnown(configOf());
// CDK prints what is wrong with which resource.
vi.spyOn(console, 'error').mockReturnValue();
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

const wrong = defineStage({
  id: 'bucket',
  title: 'A bucket with a property that S3 does not have',
  outputs: {},
  build(stack) {
    const bucket = new CfnBucket(stack, 'Bucket', { versioningConfiguration: { status: 'Enabled' } });
    bucket.addPropertyOverride('VersioningConfiguration.For', '30 days');
    return {};
  },
});

test.each(['', 'false'])(
  'what CloudFormation’s schemas refuse is no template (CDK_VALIDATION=%s)',
  (value) => {
    vi.stubEnv('CDK_VALIDATION', value);
    expect(() => synthesize(wrong, known)).toThrow(
      expect.objectContaining({ code: 'template_refused', message: 'the template of bucket is not valid' }),
    );
  },
);

const other = defineStage({
  id: 'queue',
  title: 'A resource of a type that vaults do not have',
  outputs: {},
  build(stack) {
    new CfnQueue(stack, 'Queue');
    return {};
  },
});

test('one engine serves all stages: none has a type that it was not shown, and a template that has is judged by its own', () => {
  const engine = () => Reflect.get(schemaValidator(new App({ outdir: folder })), 'engine') as unknown;
  const before = engine();
  try {
    synthesize(other, known);
  } catch {
    // Refused by checks of ours.
  }
  for (const stage of stagesOf(configOf())) synthesize(stage, known);
  expect(before).toBeDefined();
  expect(engine()).toBe(before);
});
