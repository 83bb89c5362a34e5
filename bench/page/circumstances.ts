// SPDX-License-Identifier: Apache-2.0
import type { Machine, Run } from '../support/run.ts';

/** When, of which commit and on what a run was: the end of its section. */
export function circumstances({ measured, commit, machine }: Run): string {
  return `${measured.slice(0, 10)}, ${commit}; ${machineOf(machine)}.`;
}

/** The speed is that of the day: these processors are shared with others. Older results lack what was not measured yet. */
export function machineOf(machine: Machine): string {
  const { node, processor, processorDetails, cores, memoryGiB, ecdhMs, load, stolen } = machine;
  return [
    processorDetails === undefined ? processor : `${processor} (${processorDetails})`,
    `${cores} cores`,
    `${memoryGiB} GiB`,
    ...(ecdhMs === undefined ? [] : [`one P-384 ECDH in ${ecdhMs} ms`]),
    ...diskOf(machine),
    `Node ${node}`,
    `load before: ${load}`,
    ...(stolen === undefined ? [] : [`${(stolen * 100).toFixed(1)} % of its time given to other machines`]),
  ].join(', ');
}

/** Of the folder for temporary files. */
function diskOf({ fileSystem, fsyncMs }: Machine): string[] {
  if (fsyncMs === undefined) return fileSystem === undefined ? [] : [fileSystem];
  return [`${fileSystem ?? 'a disk'} with an fsync of 4 KiB in ${fsyncMs} ms`];
}
