// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { MUTATIONS, type Mutation } from '../mutations/table.ts';
import type { Reading } from '../src/index.ts';
import { deployed, openStage } from './support/stage.ts';

/* Each change that docs/canaries.md lists, made in a running KMS, against one run of the canary of a local vault: from the
 * VPC and from outside, as the parent, by comparison, and by decrypting. */

const stage = await openStage();
const canary = stage.open();

const MANY = 7;

/** What is not good, as the table has it. Of a policy that lost most of its statements, that it did. */
function told(readings: readonly Reading[]): Record<string, string | readonly string[]> {
  const seen = new Map<string, string | string[]>();
  for (const { probe, outcome, reason } of readings) {
    if (outcome === 'PolicyDrift') seen.set(probe, [...(seen.get(probe) ?? []), reason]);
    else if (outcome === 'UnexpectedAllow' || outcome === 'CanaryError') seen.set(probe, outcome);
  }
  return Object.fromEntries(
    [...seen].map(([probe, what]) => [probe, typeof what === 'string' ? what : few(what)]),
  );
}

function few(reasons: readonly string[]): readonly string[] {
  const missing = reasons.filter((reason) => /^missing |^and \d+ more$/.test(reason));
  if (missing.length <= MANY) return reasons.toSorted();
  return [...reasons.filter((reason) => !missing.includes(reason)), 'missing …'].toSorted();
}

const sorted = (sees: Mutation['sees']) =>
  Object.fromEntries(
    Object.entries(sees).map(([probe, what]) => [probe, typeof what === 'string' ? what : what.toSorted()]),
  );

describe('a change of a key is noticed in one run, by whom the table says and by nobody else', () => {
  it.each(MUTATIONS.map((row) => [row.what, row] as const))(
    'notices: %s',
    async (what, { change, grant, sees }) => {
      const policies = change?.(deployed) ?? {};
      // A change that changes nothing would be noticed by nobody, and prove nothing.
      for (const [name, policy] of Object.entries(policies))
        expect(JSON.stringify(policy)).not.toBe(JSON.stringify(deployed[name as keyof typeof deployed]));
      expect(Object.keys(policies).length > 0 || grant === true).toBe(what !== 'nothing');
      const readings = await (grant === true
        ? stage.granted(() => canary.run())
        : stage.under(policies, () => canary.run()));
      expect(told(readings)).toEqual(sorted(sees));
    },
  );

  it('and put back, all is well in the next run', async () => {
    const readings = await canary.run();
    expect(told(readings)).toEqual({});
    const count = (wanted: string) => readings.filter(({ outcome }) => outcome === wanted).length;
    // Five probes inside, six outside, three as the parent; state, policy and grants of four keys; one control.
    expect([count('ExpectedDenied'), count('AsDeployed'), count('ControlPassed')]).toEqual([14, 12, 1]);
  });

  it('the refusals are of the first wrapped key of the store, and of no made-up one', async () => {
    const before = stage.emulator.events.length;
    await canary.run();
    const decrypts = stage.emulator.events
      .slice(before)
      .filter(({ eventName, errorCode }) => eventName === 'Decrypt' && errorCode === 'AccessDenied')
      .map(({ requestParameters }) => requestParameters);
    const encryptionContext = { vault_id: 'v_01HV1XW70Q03PHK892JFQAY0Z5', tenant_id: 'default' };
    expect(decrypts).toContainEqual(expect.objectContaining({ encryptionContext, dryRun: true }));
  });
});
