// SPDX-License-Identifier: Apache-2.0
import type { Measurements, PolicyDocument } from '@enclave-vault/policies';

/** The registers that a key policy pins. */
export const REGISTERS = ['pcr0', 'pcr1', 'pcr2', 'pcr3', 'pcr8', 'pcr16'] as const;

/** One program as measured: a value for each register that the key policy pins, in lower-case hex. */
export type Measured = Readonly<Record<(typeof REGISTERS)[number], string>>;

/**
 * What a key policy pins, read back from its Deny statements. Null when it does not pin every register: it admits no program yet, or
 * somebody opened it.
 */
export function pinnedMeasurements(policy: PolicyDocument): Measurements | null {
  const pinned = Object.fromEntries(
    REGISTERS.map((register) => {
      const key = `kms:RecipientAttestation:${register.toUpperCase()}`;
      const values = policy.Statement.filter((s) => s.Effect === 'Deny').flatMap((s) => {
        const value = s.Condition?.StringNotEqualsIgnoreCase?.[key];
        return value === undefined ? [] : typeof value === 'string' ? [value] : value;
      });
      return [register, values];
    }),
  ) as unknown as Measurements;
  return REGISTERS.every((register) => pinned[register].length > 0) ? pinned : null;
}

/** Registers of a program that the pinned measurements do not admit. */
export function differing(measured: Measured, pinned: Measurements): readonly string[] {
  return REGISTERS.filter((register) => !pinned[register].includes(measured[register])).map((r) =>
    r.toUpperCase(),
  );
}

/** Admits a program, beside those that are admitted already. */
export function admit(measured: Measured, pinned: Measurements | null): Measurements {
  const added = REGISTERS.map((register) => [
    register,
    [...new Set([...(pinned?.[register] ?? []), measured[register]])],
  ]);
  return Object.fromEntries(added) as unknown as Measurements;
}
