// SPDX-License-Identifier: Apache-2.0
import { wordOf } from './classify.ts';
import type { Called, Reading } from './run.ts';

/**
 * A key's state (DescribeKey, `KeyMetadata.KeyState`) as a reading. KMS may refuse by the policy of a key that nobody can use, and such a
 * refusal says nothing of what the policy would do: a key that is not enabled is an error of the canary.
 */
export function stateReading(name: string, state: Called<string | undefined>): Reading {
  if (!state.done) return { probe: name, outcome: 'CanaryError', reason: wordOf(state.error) };
  if (state.value === 'Enabled') return { probe: name, outcome: 'AsDeployed', reason: 'enabled' };
  const known = /^[A-Za-z]{1,32}$/.test(state.value ?? '');
  return { probe: name, outcome: 'CanaryError', reason: known ? `state_${state.value}` : 'state_unknown' };
}

/** Takes refusals back that a key's state makes worthless. @param key of whose probes they are, by the probe's name */
export function unlessUnusable(
  readings: readonly Reading[],
  states: readonly Reading[],
  key: (probe: string) => string,
): readonly Reading[] {
  const unusable = new Map(
    states.filter(({ reason }) => reason.startsWith('state_')).map((one) => [one.probe, one.reason]),
  );
  return readings.map((reading) => {
    const state = unusable.get(key(reading.probe));
    if (state === undefined || reading.outcome !== 'ExpectedDenied') return reading;
    return { ...reading, outcome: 'CanaryError', reason: state };
  });
}
