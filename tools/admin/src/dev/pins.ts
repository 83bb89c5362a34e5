// SPDX-License-Identifier: Apache-2.0
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Measurements } from '@enclave-vault/policies';
import { REGISTERS } from './measurements.ts';

/*
 * What a local vault trusts, in a file of its own: the key policy says what KMS admits, and whoever opens that must not thereby decide what the
 * next start takes for ours. The file is not authenticated: every key on this machine that could do it lies in the same folder, for the same user.
 */

const VERSION = 1;
/** Octets; a hundred programs are some 60 KB. */
const MAX_BYTES = 1 << 20;
const SHA384 = /^[0-9a-f]{96}$/;

/** What is pinned; null for a file that cannot be read as such, undefined where there is none. */
export function readPins(file: string): Measurements | null | undefined {
  try {
    const bytes = readFileSync(file);
    return bytes.length > MAX_BYTES ? null : pinsOf(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? undefined : null;
  }
}

/** Replaces the file whole: after a crash there is the old one or the new one. Mode 0600. */
export function writePins(file: string, { pcr0, pcr1, pcr2, pcr3, pcr8, pcr16 }: Measurements): void {
  const text = JSON.stringify({ version: VERSION, pcr0, pcr1, pcr2, pcr3, pcr8, pcr16 }, null, 2);
  const temporary = `${file}.${process.pid}.tmp`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, `${text}\n`, { mode: 0o600, flag: 'wx', flush: true });
  renameSync(temporary, file);
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Strictly what `writePins` writes: a value that is none would admit nothing, or be refused by the policy's own check. */
function pinsOf(value: unknown): Measurements | null {
  if (typeof value !== 'object' || value === null) return null;
  const { version, ...registers } = value as Readonly<Record<string, unknown>>;
  const complete = Object.keys(registers).length === REGISTERS.length;
  if (version !== VERSION || !complete || !REGISTERS.every((name) => isList(registers[name]))) return null;
  return registers as unknown as Measurements;
}

const isList = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((one) => typeof one === 'string' && SHA384.test(one) && !/^0+$/.test(one));
