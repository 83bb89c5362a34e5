// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NODE_FLAGS } from '../../build/flags.ts';

/** What is left of a record's private key in a process's memory, read from outside: JavaScript cannot zero what OpenSSL holds. */
const folder = mkdtempSync(join(tmpdir(), 'ev-memory-'));
let probe: ChildProcess;

beforeAll(async () => {
  const outfile = join(folder, 'probe.mjs');
  const entry = fileURLToPath(new URL('../fixtures/memory-probe.ts', import.meta.url));
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm' });
  probe = spawn(process.execPath, [...NODE_FLAGS, outfile], { cwd: folder, env: {}, stdio: 'pipe' });
});
afterAll(() => {
  probe?.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** @returns how many keys the probe has in its memory of keys */
async function say(line: string): Promise<number> {
  const answer = new Promise<string>((resolve, reject) => {
    probe.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString('utf8')));
    probe.once('exit', () => reject(new Error('the probe ended')));
  });
  probe.stdin?.write(`${line}\n`);
  return Number(await answer);
}

/** How often the bytes stand in what the process may write to. Not in one piece of it and the next: 48 bytes at a seam are read twice. */
function found(...needles: readonly Buffer[]): number {
  const memory = openSync(`/proc/${probe.pid}/mem`, 'r');
  const block = Buffer.alloc(1 << 20);
  let count = 0;
  try {
    for (const [, from = '', to = ''] of readFileSync(`/proc/${probe.pid}/maps`, 'latin1').matchAll(
      /^([0-9a-f]+)-([0-9a-f]+) rw/gm,
    )) {
      const end = Number.parseInt(to, 16);
      for (let at = Number.parseInt(from, 16); at < end; at += block.length - 48)
        count += countIn(memory, block, at, Math.min(block.length, end - at), needles);
    }
  } finally {
    closeSync(memory);
  }
  return count;
}

function countIn(memory: number, block: Buffer, at: number, length: number, needles: readonly Buffer[]) {
  let read: Buffer;
  try {
    read = block.subarray(0, readSync(memory, block, 0, length, at));
  } catch {
    // Reserved, and not there.
    return 0;
  }
  let count = 0;
  for (const needle of needles)
    for (let from = read.indexOf(needle); from >= 0; from = read.indexOf(needle, from + 1)) count += 1;
  return count;
}

test.skipIf(process.platform !== 'linux')(
  'a private key is in memory while it serves, and gone when it has aged and memory was swept',
  async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
    // RFC 5915 in RFC 5208: the scalar stands behind 35 bytes that are the same for each P-384 key.
    const scalar = pkcs8.subarray(35, 35 + 48);
    // As OpenSSL's BIGNUM has it, least significant byte first.
    const number = Buffer.from(scalar).reverse();
    expect(await say('use-nothing')).toBe(0);
    expect(found(scalar, number)).toBe(0);
    expect(await say(`key ${pkcs8.toString('hex')}`)).toBe(1);
    const serving = found(number);
    expect(serving).toBeGreaterThan(0);
    for (let n = 0; n < 20; n += 1) await say('use');
    // One copy, however often it serves.
    expect(found(number)).toBe(serving);
    expect(await say('age')).toBe(0);
    await say('sweep');
    await say('sweep');
    expect(found(number)).toBe(0);
    expect(found(scalar)).toBe(0);
  },
);
