// SPDX-License-Identifier: Apache-2.0
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { takeOver } from '../src/dev/left-behind.ts';

let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'left-'));
  lock = join(folder, 'lock');
  writeFileSync(lock, '');
});
afterEach(() => rmSync(folder, { recursive: true }));

const runFolder = () => mkdtempSync(join(folder, 'ev-'));
/** A vault that was killed: its folder has a socket's file, an enclave's folder, and its mark. */
function killed(of = lock): string {
  const run = runFolder();
  takeOver(run, of);
  mkdirSync(join(run, 'e'));
  writeFileSync(join(run, 'e', 'enclave.sock'), '');
  return run;
}

it('removes what those left who held the same lock, and keeps its own', () => {
  const first = killed();
  const [second, own] = [runFolder(), runFolder()];
  // A second one that was killed before anybody came after it.
  copyFileSync(join(first, 'of'), join(second, 'of'));
  expect([...takeOver(own, lock)].sort()).toEqual([first, second].sort());
  expect([first, second, own].map((path) => existsSync(path))).toEqual([false, false, true]);
  expect(takeOver(runFolder(), lock)).toEqual([own]);
});

it('keeps the folder of a vault on other data, a copy of ours included', () => {
  const copied = join(folder, 'copied');
  copyFileSync(lock, copied);
  const alive = killed(copied);
  expect(takeOver(runFolder(), lock)).toEqual([]);
  expect(existsSync(alive)).toBe(true);
});

it.each([
  ['without a mark', (path: string) => rmSync(join(path, 'of'))],
  ['that others may write to', (path: string) => chmodSync(path, 0o770)],
  ['with another name', (path: string) => rename(path, join(folder, 'ev-longer-name'))],
])('keeps a folder %s', (_what, change) => {
  const left = killed();
  const at = change(left) ?? left;
  expect(takeOver(runFolder(), lock)).toEqual([]);
  expect(existsSync(at)).toBe(true);
});

it('follows no link out of what it removes, and takes none for a folder', () => {
  const elsewhere = join(folder, 'elsewhere');
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'kept'), 'kept');
  const left = killed();
  symlinkSync(elsewhere, join(left, 'e', 'link'));
  copyFileSync(join(left, 'of'), join(elsewhere, 'of'));
  chmodSync(elsewhere, 0o700);
  symlinkSync(elsewhere, join(folder, 'ev-LINKED'));
  expect(takeOver(runFolder(), lock)).toEqual([left]);
  expect(readFileSync(join(elsewhere, 'kept'), 'utf8')).toBe('kept');
});

function rename(from: string, to: string): string {
  mkdirSync(to, { mode: 0o700 });
  copyFileSync(join(from, 'of'), join(to, 'of'));
  rmSync(from, { recursive: true });
  return to;
}
