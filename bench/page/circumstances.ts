// SPDX-License-Identifier: Apache-2.0
import type { Machine, Run } from '../support/run.ts';

/** When, of which commit and on what a run was: the end of its section. */
export function circumstances({ measured, commit, machine }: Run): string {
  return `${measured.slice(0, 10)}, ${commit}; ${machineOf(machine)}.`;
}

/** The speed is that of the day: these processors are shared with others. Results from before it was measured don't have it. */
export function machineOf({ node, processor, cores, memoryGiB, ecdhMs, load }: Machine): string {
  const speed = ecdhMs === undefined ? '' : `, one P-384 ECDH in ${ecdhMs} ms`;
  return `${processor}, ${cores} cores, ${memoryGiB} GiB${speed}, Node ${node}, load before: ${load}`;
}
