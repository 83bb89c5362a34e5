// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

const LINUX = process.platform === 'linux';

/**
 * A process of a certain start: its number may be given to another one after its death.
 * Undefined when it is not there, or is dead and has only not been waited for.
 */
export function identify(pid: number): string | undefined {
  if (!LINUX) return isThere(pid) ? 'running' : undefined;
  try {
    // proc(5): the second member, in parentheses, may hold blanks. The third is the state, the 22nd the start.
    const members = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    const [state] = members;
    return state === 'Z' || state === 'X' ? undefined : members[19];
  } catch {
    return undefined;
  }
}

/** Processes that were seen alive, each by its number and start. */
export class Seen {
  readonly #starts = new Map<number, string>();

  /** Whether the process is alive; it is remembered. */
  add(pid: number): boolean {
    const start = identify(pid);
    if (start !== undefined) this.#starts.set(pid, start);
    return start !== undefined;
  }

  /** Those that still live. */
  living(): number[] {
    return [...this.#starts].filter(([pid, start]) => identify(pid) === start).map(([pid]) => pid);
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
