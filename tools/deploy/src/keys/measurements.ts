// SPDX-License-Identifier: Apache-2.0
import { pcr3, pcr16 } from '@enclave-vault/eif';
import type { Measurements } from '@enclave-vault/policies';
import type { Release } from '@enclave-vault/release';

const REGISTERS = ['pcr0', 'pcr1', 'pcr2', 'pcr3', 'pcr8', 'pcr16'] as const;

/**
 * What a release's image measures to in a deployment.
 * @param instanceRole ARN of the instance's role, path included
 * @param configuration the enclave's, as the parent gives it
 */
export function measurementsOf(
  { image }: Release,
  instanceRole: string,
  configuration: Uint8Array,
): Measurements {
  return {
    pcr0: [image.pcr0],
    pcr1: [image.pcr1],
    pcr2: [image.pcr2],
    pcr3: [pcr3(instanceRole).toString('hex')],
    pcr8: [image.pcr8],
    pcr16: [pcr16(configuration).toString('hex')],
  };
}

/** Both: old values first, none twice. While two images run side by side the policies admit either. */
export function widened(live: Measurements | null, next: Measurements): Measurements {
  if (live === null) return next;
  return map((register) => [...new Set([...live[register], ...next[register]])]);
}

/**
 * The live set without what was tried: for after a rollout that failed. A value that both have stays, so what runs is never
 * shut out.
 */
export function without(live: Measurements | null, tried: Measurements): Measurements | null {
  if (live === null) return null;
  return map((register) => {
    const rest = live[register].filter((value) => !tried[register].includes(value));
    return rest.length > 0 ? rest : live[register];
  });
}

export function sameMeasurements(one: Measurements | null, other: Measurements | null): boolean {
  if (one === null || other === null) return one === other;
  return REGISTERS.every(
    (register) => [...one[register]].sort().join() === [...other[register]].sort().join(),
  );
}

/** What changes, a line for each register that does: for whoever approves it. */
export function measurementLines(before: Measurements | null, after: Measurements | null): string[] {
  return REGISTERS.flatMap((register) => {
    const old = before?.[register] ?? [];
    const now = after?.[register] ?? [];
    const name = register.toUpperCase();
    return [
      ...now.filter((value) => !old.includes(value)).map((value) => `+ ${name} ${value}`),
      ...old.filter((value) => !now.includes(value)).map((value) => `- ${name} ${value}`),
    ];
  });
}

function map(values: (register: (typeof REGISTERS)[number]) => readonly string[]): Measurements {
  return {
    pcr0: values('pcr0'),
    pcr1: values('pcr1'),
    pcr2: values('pcr2'),
    pcr3: values('pcr3'),
    pcr8: values('pcr8'),
    pcr16: values('pcr16'),
  };
}
