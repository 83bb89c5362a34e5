// SPDX-License-Identifier: Apache-2.0
import { AttestationError } from './errors.ts';

/** Register number to the values allowed in it, lower-case hex of 48 bytes. A register that is not named is not looked at. */
export type PcrPolicy = { readonly [register: number]: readonly string[] };

/** Kernel, boot file system and application: always there, and zero in debug mode only. */
const MEASURED = [0, 1, 2];
const VALUE = /^[0-9a-f]{96}$/;

type Difference = { readonly missing: readonly number[]; readonly other: readonly number[] };

/**
 * Checks a policy's form once, so that a typing error in it is an error and not a register that never matches, and an empty policy is not
 * one that anything satisfies.
 *
 * @throws AttestationError `options_invalid`
 */
export function checkPolicy(policies: readonly PcrPolicy[], required: readonly number[]): void {
  const registers = policies.flatMap((policy) => Object.keys(policy).map(Number));
  const known = (register: number): boolean => Number.isInteger(register) && register >= 0 && register <= 31;
  const values = policies.flatMap((policy) => Object.values(policy).flat());
  const empty = policies.some((policy) => Object.keys(policy).length === 0);
  if (empty || ![...registers, ...required].every(known) || !values.every((value) => VALUE.test(value))) {
    throw new AttestationError('options_invalid');
  }
}

/**
 * Holds registers against a policy. SPEC.md, step 10. A document satisfies a list of policies when it satisfies one of them as a whole: during a
 * rollout, one for each image. An empty list of policies, or of values, allows nothing.
 *
 * @throws AttestationError `pcr_missing`, `debug_mode`, `pcr_mismatch`, with the registers concerned
 */
export function checkPcrs(
  pcrs: ReadonlyMap<number, Buffer>,
  policies: readonly PcrPolicy[] | undefined,
  required: readonly number[],
): void {
  const missing = [...MEASURED, ...required].filter((register) => !pcrs.has(register));
  if (missing.length > 0) throw new AttestationError('pcr_missing', missing);
  const zero = MEASURED.filter((register) => pcrs.get(register)?.every((octet) => octet === 0));
  if (zero.length > 0) throw new AttestationError('debug_mode', zero);
  if (policies === undefined) return;
  const differences = policies.map((policy) => differencesTo(pcrs, policy));
  if (differences.some((difference) => count(difference) === 0)) return;
  // Named are the registers that differ from the policy that comes closest: most likely the one that was meant.
  const [closest = { missing: [], other: [] }] = differences.toSorted((a, b) => count(a) - count(b));
  if (closest.missing.length > 0) throw new AttestationError('pcr_missing', closest.missing);
  throw new AttestationError('pcr_mismatch', closest.other);
}

function differencesTo(pcrs: ReadonlyMap<number, Buffer>, policy: PcrPolicy): Difference {
  const registers = Object.keys(policy).map(Number);
  return {
    missing: registers.filter((register) => !pcrs.has(register)),
    other: registers.filter((register) => {
      const value = pcrs.get(register)?.toString('hex');
      return value !== undefined && !policy[register]?.includes(value);
    }),
  };
}

const count = ({ missing, other }: Difference): number => missing.length + other.length;
