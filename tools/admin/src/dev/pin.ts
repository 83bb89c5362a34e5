// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import type { Measurements } from '@enclave-vault/policies';
import type { files } from './folders.ts';
import type { DeploymentKeys, KeyArns } from './keys.ts';
import { log } from './log.ts';
import type { Measured } from './measurements.ts';
import { readPins, writePins } from './pins.ts';
import { decideTrust } from './trust.ts';

export interface Pinned {
  /** What the key policies admit from now on. */
  readonly trusted: Measurements;
  /** Registers in which the program is another than what is pinned. */
  readonly untrusted: readonly string[];
  /** How the key policies differed from those of this vault, before they were written back. */
  readonly changes: readonly string[];
}

/**
 * Decides at a start what is trusted, keeps it, writes the key policies that say so, and tells what was otherwise.
 * @param to.accept `--accept-measurements` was said
 * @throws {AdminError} pins_unreadable, legacy_key_missing
 */
export async function pin(
  keys: DeploymentKeys,
  to: {
    readonly arns: KeyArns;
    readonly legacyKeys: readonly string[];
    readonly file: ReturnType<typeof files>;
    readonly measured: Measured;
    readonly accept: boolean;
  },
): Promise<Pinned> {
  const { arns, legacyKeys, file, measured, accept } = to;
  const { trusted, pinned, from, differing } = decideTrust({
    pins: readPins(file.pins),
    policy: await keys.policy(arns.vault),
    isNew: keys.made || !existsSync(file.database),
    measured,
    accept,
  });
  if (from === 'key_policy') log('warn', 'pins_taken_from_key_policy');
  if (from === 'word') log('warn', 'measurements_accepted', { differing: 'unknown' });
  if (differing.length > 0)
    log('warn', accept ? 'measurements_accepted' : 'enclave_not_trusted', { differing });

  // Keys that were just made admit nobody, and nobody calls that a change.
  const was = from === 'first_start' || keys.made ? null : (pinned ?? trusted);
  // A key that comes with a new configuration had somebody else's policy until now.
  const known = accept && differing.includes('PCR16') ? [] : legacyKeys;
  const changes = was === null ? [] : await keys.drift(arns, was, known);
  if (changes.length > 0) log('warn', 'key_policy_changed', { changes });

  // The pins first: policies that are behind them are written at the next start.
  writePins(file.pins, trusted);
  await keys.admit(arns, trusted, legacyKeys);
  return { trusted, untrusted: accept ? [] : differing, changes };
}
