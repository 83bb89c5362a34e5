// SPDX-License-Identifier: Apache-2.0

import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { CHECKS, demandSound, refusals } from '../../src/checks/index.ts';
import { InfraError } from '../../src/errors.ts';
import { defineStage } from '../../src/stage.ts';
import { synthesize } from '../../src/synthesize.ts';
import { configOf, knownOf } from '../support/known.ts';
import { CASES } from './cases.ts';
import { sound, soundRoles } from './sound.ts';

describe('checks of templates', () => {
  it.each([
    ['a workload’s', sound],
    ['roles’', soundRoles],
  ])('let %s template through that has everything right', (_, of) => {
    expect(refusals(of())).toEqual([]);
  });

  it.each(CASES.map((one) => [one.check, one.title, one.resource, one] as const))(
    '%s: refuses %s at %s',
    (check, _title, resource, { change, reason, of = sound }) => {
      const found = refusals(of(change));
      // Others may see it as well; this one must, and no other resource.
      expect(found.filter((one) => one.check === check)).toEqual([
        { check, resource, reason: expect.stringContaining(reason) },
      ]);
    },
  );

  it('have a case each', () => {
    expect(CHECKS.map(({ id }) => id).filter((id) => !CASES.some(({ check }) => check === id))).toEqual([]);
    expect(new Set(CHECKS.map(({ id }) => id)).size).toBe(CHECKS.length);
  });

  it('take unsigned functions only where the deployment has no signatures', () => {
    const unsigned = sound(({ Resources }) => {
      delete Resources.Function?.Properties.CodeSigningConfigArn;
    });
    const config = configOf({ features: { codeSigning: false } });
    expect(refusals(unsigned)).toHaveLength(1);
    expect(refusals({ ...unsigned, config })).toEqual([]);
  });

  it('take invocations without an answer from the canaries alone', () => {
    const found = refusals({ ...sound(), stage: 'api' });
    expect(found).toEqual([
      { check: 'invocation', resource: 'Invocations', reason: expect.stringContaining('without waiting') },
    ]);
  });

  it('take logs that never expire when nobody deletes them', () => {
    const forever = sound(({ Resources }) => {
      delete Resources.Log?.Properties.RetentionInDays;
      Object.assign(Resources.Log?.Properties, { DeletionProtectionEnabled: true });
    });
    expect(refusals(forever)).toEqual([]);
  });

  it('take a policy for everybody at an endpoint for named resources', () => {
    const named = sound(({ Resources }) => {
      Object.assign(Resources.Endpoint?.Properties.PolicyDocument.Statement[0], {
        Principal: '*',
        Resource: ['arn:aws:s3:::al2023-repos-eu-central-1-de612dc2/*'],
      });
    });
    expect(refusals(named)).toEqual([]);
  });

  it('demand that early templates fit into a request, and later ones into a file', () => {
    const large = (stage: string) =>
      refusals({
        ...sound((template) => {
          template.Description = 'x'.repeat(51_200);
          // Its stage has no functions that are invoked later.
          delete template.Resources.Invocations;
        }),
        stage,
      });
    expect(large('network')).toEqual([
      { check: 'template-size', resource: '', reason: expect.stringMatching(/^\d+ bytes of 51200$/) },
    ]);
    expect(large('watch')).toEqual([]);
  });

  it('tell everything at once, by a stable code', () => {
    const bad = sound(({ Resources }) => {
      delete Resources.Key?.Properties.EnableKeyRotation;
      delete Resources.Log?.Properties.KmsKeyId;
    });
    const error = thrown(() => demandSound(bad));
    expect(error).toMatchObject({ code: 'template_refused' });
    expect(error.message).toBe(
      'the template of canary is refused:\n  Log: no customer key (log-group)\n  Key: no rotation (key)',
    );
  });

  it('are made of every template that is synthesized', () => {
    const stage = defineStage({
      id: 'queue',
      title: 'What nobody has looked at',
      outputs: {},
      build(stack) {
        new CfnQueue(stack, 'Queue', {});
        return {};
      },
    });
    const error = thrown(() => synthesize(stage, knownOf(configOf(), [])));
    expect(error).toMatchObject({ code: 'template_refused' });
    expect(error.message).toContain('Queue: AWS::SQS::Queue is not in checks/types.ts (resource-type)');
  });
});

function thrown(act: () => unknown): InfraError {
  try {
    act();
  } catch (error) {
    if (error instanceof InfraError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
