// SPDX-License-Identifier: Apache-2.0
/** What tells machines apart beyond their names. What a system does not say is left out. */
import {
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../system/statistics.ts';

export interface MachineDetails {
  /** Family, model and clock, where the processor's name says none of it. */
  readonly processorDetails?: string;
  /** Of the folder for temporary files, in which the data of measured vaults lies unless told otherwise. */
  readonly fileSystem?: string;
  /** There: the median of fsyncs after 4 KiB were appended each time, ms. */
  readonly fsyncMs?: number;
}

export function machineDetails(): MachineDetails {
  const [details, system, ms] = [orNothing(processorDetails), orNothing(fileSystem), orNothing(fsyncMs)];
  return {
    ...(details !== undefined && { processorDetails: details }),
    ...(system !== undefined && { fileSystem: system }),
    ...(ms !== undefined && { fsyncMs: ms }),
  };
}

function orNothing<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

const processorDetails = (): string | undefined => detailsOf(readFileSync('/proc/cpuinfo', 'utf8'));

/** Of the first processor. An x86 in a virtual machine is often named after its maker alone. */
export function detailsOf(cpuinfo: string): string | undefined {
  const of = (name: string): string | undefined =>
    new RegExp(`^${name}\\s*: (\\S.*)$`, 'm').exec(cpuinfo)?.[1];
  const [family, model, clock] = [of('cpu family'), of('model'), of('cpu MHz')];
  const words = [
    ...(family === undefined ? [] : [`family ${family}`]),
    ...(model === undefined ? [] : [`model ${model}`]),
    ...(clock === undefined ? [] : [`${Math.round(Number(clock))} MHz`]),
  ];
  return words.length === 0 ? undefined : words.join(', ');
}

/** By the numbers of statfs(2). */
const FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x01021994, 'tmpfs'],
  [0x794c7630, 'overlay'],
  [0x2fc12fc1, 'zfs'],
]);

/** Only Linux has these numbers. */
function fileSystem(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  // Some are above 2^31, and may come as negative ones.
  const type = statfsSync(tmpdir()).type >>> 0;
  return FILE_SYSTEMS.get(type) ?? `file system 0x${type.toString(16)}`;
}

const APPENDS = 50;

/** What each audit entry waits for, without the vault. */
function fsyncMs(): number {
  const folder = mkdtempSync(join(tmpdir(), 'ev-fsync-'));
  try {
    const file = openSync(join(folder, 'appended'), 'a');
    const block = Buffer.alloc(4096, 1);
    const append = (): number => {
      const began = performance.now();
      writeSync(file, block);
      fsyncSync(file);
      return performance.now() - began;
    };
    const times = Array.from({ length: APPENDS }, append);
    closeSync(file);
    return Number(median(times).toPrecision(3));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Processors' time since the machine began, of all and of that which its hypervisor gave to others meanwhile. */
export interface Ticks {
  readonly all: number;
  readonly stolen: number;
}

export const ticks = (): Ticks | undefined => orNothing(() => ticksOf(readFileSync('/proc/stat', 'utf8')));

/** The first line: user, nice, system, idle, iowait, irq, softirq, steal; time of guests is in the first two once more. */
export function ticksOf(stat: string): Ticks | undefined {
  const numbers = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number).slice(0, 8) ?? [];
  const stolen = numbers[7];
  return stolen === undefined ? undefined : { all: numbers.reduce((sum, one) => sum + one, 0), stolen };
}

/** The share that was stolen between two looks. */
export function stolenShare(before: Ticks | undefined, after: Ticks | undefined): number | undefined {
  if (before === undefined || after === undefined || after.all <= before.all) return undefined;
  return Number(((after.stolen - before.stolen) / (after.all - before.all)).toFixed(4));
}
