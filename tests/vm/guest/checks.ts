// SPDX-License-Identifier: Apache-2.0
import { AssertionError } from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** A check: one thing that must hold, which is said in its name. */
export interface Check {
  readonly name: string;
  readonly run: () => Promise<unknown> | unknown;
}

/** What the host says of the machine: whether its processor is emulated, and which groups of checks to run (all, without a name). */
const said = readFileSync('/proc/cmdline', 'utf8');
export const EMULATED = said.includes('vm.emulated=1');
export const ONLY = /vm\.only=(\S*)/.exec(said)?.[1] ?? '';

/** An emulated machine on a busy one is slow. */
const LIMIT_MS = 660_000;
const count = { passed: 0, failed: 0 };

/** Runs one check after the other; a failure is printed and counted, and the others still run. */
export async function check(name: string, run: Check['run']): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('took too long')), LIMIT_MS);
  });
  const began = performance.now();
  try {
    await Promise.race([run(), late]);
    count.passed += 1;
    console.log(`ok ${name} (${Math.round(performance.now() - began)} ms)`);
  } catch (error) {
    count.failed += 1;
    const { message, stack } = error as Error;
    console.log(`FAILED ${name}: ${error instanceof AssertionError ? message : (stack ?? message)}`);
  } finally {
    clearTimeout(timer);
  }
}

export const summary = (): string => `${count.passed} passed, ${count.failed} failed`;
