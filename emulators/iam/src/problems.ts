// SPDX-License-Identifier: Apache-2.0
import type { PolicyProblem } from './types.ts';

/** Collects what is wrong with a document. */
export class Problems {
  readonly list: PolicyProblem[] = [];

  add(path: string, code: string, message: string): void {
    this.list.push({ path, code, message });
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A string, or a list of at least one: null for anything else. */
export function strings(value: unknown): readonly string[] | null {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.length > 0 && values.every((one) => typeof one === 'string') ? values : null;
}
