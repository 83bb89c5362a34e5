// SPDX-License-Identifier: Apache-2.0
import type { Measurements, PolicyDocument } from '@enclave-vault/policies';
import { AdminError } from '../errors.ts';
import { admit, differing, type Measured, pinnedMeasurements } from './measurements.ts';

/** What is known when a vault starts. */
export interface Found {
  /** As `readPins` read it. */
  readonly pins: Measurements | null | undefined;
  /** Of the vault key. */
  readonly policy: PolicyDocument;
  /** Nothing is kept under the keys yet: they were just made, or there is no store, which is made after the pins are. */
  readonly isNew: boolean;
  readonly measured: Measured;
  /** `--accept-measurements` was said. */
  readonly accept: boolean;
}

/** What the key policies are to admit from this start on. */
export interface Trust {
  readonly trusted: Measurements;
  /** What was pinned before; null where nothing was known. */
  readonly pinned: Measurements | null;
  /** Where that is from; `word`: somebody said that he accepts what cannot be compared. */
  readonly from: 'pins' | 'key_policy' | 'first_start' | 'word';
  /** Registers in which the program is another than what was pinned. */
  readonly differing: readonly string[];
}

/**
 * Decides which programs a vault trusts. Trust comes by itself at the first start alone: an image that is given to a vault that has been
 * running is never taken for its own because nobody can say any more what its own was.
 * @throws {AdminError} pins_unreadable
 */
export function decideTrust({ pins, policy, isNew, measured, accept }: Found): Trust {
  // A folder of a version that kept them in the policy alone. A policy that is not whole tells of nothing.
  const kept = pins === undefined ? pinnedMeasurements(policy) : pins;
  if (kept !== null)
    return {
      trusted: accept ? admit(measured, kept) : kept,
      pinned: kept,
      from: pins === undefined ? 'key_policy' : 'pins',
      differing: differing(measured, kept),
    };
  const first = pins === undefined && isNew;
  if (!first && !accept) throw new AdminError('pins_unreadable', unknown(pins === null));
  return {
    trusted: admit(measured, null),
    pinned: null,
    from: first ? 'first_start' : 'word',
    differing: [],
  };
}

const unknown = (damaged: boolean): string =>
  `which enclave this vault trusts is not known: pinned.json ${damaged ? 'cannot be read' : 'is not there, and the key policy does not name every measurement'}. ` +
  'Put the file back from a backup. If you are sure of the program that you start: npm start -- --accept-measurements trusts it, and no other';
