// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readImage } from '../../src/measure/image.ts';
import { inDebugMode, measuredRegisters, measurementsJson } from '../../src/measure/measurements.ts';
import { Measurer } from '../../src/measure/measurer.ts';
import { loadRuntime } from '../../src/measure/runtime.ts';

/** As SPEC.md says it, written without the code under test. */
const sha384 = (...parts: Uint8Array[]) => createHash('sha384').update(Buffer.concat(parts)).digest();
const ext = (data: Uint8Array) => sha384(Buffer.alloc(48), data);
function section(type: number, payload: Uint8Array): Buffer {
  const head = Buffer.from([0, type, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(payload.length, 8);
  return Buffer.concat([head, payload]);
}
function library(path: string, bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(4 + path.length + 8);
  head.writeUInt32BE(path.length);
  head.write(path, 4, 'latin1');
  head.writeUInt32BE(bytes.length, 4 + path.length + 4);
  return Buffer.concat([head, bytes]);
}

const NODE = Buffer.alloc(3_000_000, 'node binary');
const LIBRARY = Buffer.from('a library');
const BUNDLE = Buffer.from('console.log(1);\n');
const SURROUNDINGS = {
  roleArn: 'arn:aws:iam::123456789012:role/Webserver',
  instanceId: 'i-0123456789abcdef0',
  signingCertificate: Buffer.from('certificate'),
};

let folder: string;
let node: string;
let libraryPath: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evn-'));
  node = join(folder, 'node');
  libraryPath = join(folder, 'lib.so');
  await writeFile(node, NODE);
  await writeFile(libraryPath, LIBRARY);
});
afterEach(async () => rm(folder, { recursive: true }));

async function writeImage(bundle: Uint8Array, nodeFlags: readonly string[]): Promise<string> {
  const image = join(folder, 'image');
  await mkdir(image, { recursive: true });
  await writeFile(join(image, 'enclave.mjs'), bundle);
  await writeFile(join(image, 'image.json'), JSON.stringify({ v: 1, name: 'probe', nodeFlags }));
  return image;
}

async function measure(bundle: Uint8Array = BUNDLE, flags: readonly string[] = ['--a', '--b=c']) {
  const image = await readImage(await writeImage(bundle, flags));
  const digests = await new Measurer({ node, libraries: [libraryPath] }).digests(image);
  return measurementsJson(measuredRegisters(digests, SURROUNDINGS), [0, 1, 2, 3, 4, 8]);
}

describe('measurements', () => {
  test('are those of SPEC.md', async () => {
    const runtime = Buffer.concat([
      section(1, NODE),
      section(2, Buffer.from('--a\0--b=c\0')),
      section(3, library(libraryPath, LIBRARY)),
    ]);
    const bundle = section(4, BUNDLE);
    expect(await measure()).toEqual({
      HashAlgorithm: 'Sha384 { ... }',
      PCR0: ext(sha384(runtime, bundle)).toString('hex'),
      PCR1: ext(sha384(runtime)).toString('hex'),
      PCR2: ext(sha384(bundle)).toString('hex'),
      // The value that AWS's own documentation gives for this role.
      PCR3: '78fce75db17cd4e0a3fb8dad3ad128ca5e77edbb2b2c7f75329dccd99aa5f6ef4fc1f1a452e315b9e98f9e312e6921e6',
      PCR4: ext(Buffer.from('i-0123456789abcdef0')).toString('hex'),
      PCR8: ext(sha384(Buffer.from('certificate'))).toString('hex'),
    });
  });

  async function changed(what: () => Promise<Readonly<Record<string, string>>>): Promise<string[]> {
    const before = await measure();
    const after = await what();
    return Object.keys(before).filter((name) => before[name] !== after[name]);
  }

  test('one byte of the bundle shows in PCR0 and PCR2', async () => {
    const other = Buffer.from(BUNDLE);
    other[3] = (other[3] ?? 0) ^ 1;
    expect(await changed(async () => measure(other))).toEqual(['PCR0', 'PCR2']);
  });

  test('a flag shows in PCR0 and PCR1', async () => {
    expect(await changed(async () => measure(BUNDLE, ['--a']))).toEqual(['PCR0', 'PCR1']);
    expect(await changed(async () => measure(BUNDLE, ['--a', '--b=c', '--d']))).toEqual(['PCR0', 'PCR1']);
  });

  test('one byte of the node binary or of a library shows in PCR0 and PCR1', async () => {
    const byNode = changed(async () => {
      const other = Buffer.from(NODE);
      other[2_999_999] = 0;
      await writeFile(node, other);
      return measure();
    });
    expect(await byNode).toEqual(['PCR0', 'PCR1']);
    const byLibrary = changed(async () => {
      await writeFile(libraryPath, 'b library');
      return measure();
    });
    expect(await byLibrary).toEqual(['PCR0', 'PCR1']);
  });

  test('no byte can move from one section to the next: flags at the end of the binary are not flags', async () => {
    const moved = changed(async () => {
      await writeFile(node, Buffer.concat([NODE, Buffer.from('--a\0')]));
      return measure(BUNDLE, ['--b=c']);
    });
    expect(await moved).toEqual(['PCR0', 'PCR1']);
  });

  test('a kept hash of the node binary is not used for another binary of the same path', async () => {
    const image = await readImage(await writeImage(BUNDLE, []));
    const measurer = new Measurer({ node, libraries: [] });
    measurer.warm();
    const first = await measurer.digests(image);
    expect(await measurer.digests(image)).toEqual(first);
    await writeFile(node, Buffer.alloc(3_000_000, 'other binary'));
    const second = await measurer.digests(image);
    expect(second.runtime).not.toEqual(first.runtime);
    expect(second.bundle).toEqual(first.bundle);
  });

  test('in debug mode PCR0-2 are zero, the others not', async () => {
    const image = await readImage(await writeImage(BUNDLE, []));
    const digests = await new Measurer({ node, libraries: [] }).digests(image);
    const registers = measuredRegisters(digests, SURROUNDINGS);
    const debug = inDebugMode(registers);
    for (const index of [0, 1, 2]) expect(debug.get(index)).toEqual(Buffer.alloc(48));
    for (const index of [3, 4, 8]) expect(debug.get(index)).toEqual(registers.get(index));
  });
});

test('what is loaded is what is measured, byte for byte', async () => {
  const loaded: Record<string, Buffer[]> = {};
  const sink = (name: string) => {
    const chunks: Buffer[] = [];
    loaded[name] = chunks;
    return {
      write: async (chunk: Uint8Array) => chunks.push(Buffer.from(chunk)),
      close: async () => undefined,
    };
  };
  const runtime = { node, libraries: [libraryPath] };
  const hash = await loadRuntime(runtime, ['--a'], {
    node: async () => sink('node'),
    library: async (path) => sink(path),
  });
  expect(Buffer.concat(loaded.node ?? []).equals(NODE)).toBe(true);
  expect(Buffer.concat(loaded[libraryPath] ?? [])).toEqual(LIBRARY);
  const measured = await new Measurer(runtime).digests({ name: 'x', nodeFlags: ['--a'], bundle: BUNDLE });
  expect(hash.withBundle(BUNDLE)).toEqual(measured);
});

test('a file that grows while it is loaded is refused', async () => {
  const target = {
    node: async () => ({
      write: async () => writeFile(node, 'more', { flag: 'a' }),
      close: async () => undefined,
    }),
    library: async () => null,
  };
  await expect(loadRuntime({ node, libraries: [] }, [], target)).rejects.toMatchObject({
    code: 'image_changed',
  });
});

describe('readImage', () => {
  test.each([
    ['another version', { v: 2, name: 'a', nodeFlags: [] }],
    ['no name', { v: 1, nodeFlags: [] }],
    ['a path as name', { v: 1, name: '../a', nodeFlags: [] }],
    ['flags that are no list', { v: 1, name: 'a', nodeFlags: '--a' }],
    ['a flag that is a program', { v: 1, name: 'a', nodeFlags: ['/etc/passwd'] }],
    ['a flag that ends the flags', { v: 1, name: 'a', nodeFlags: ['--'] }],
    ['a short flag', { v: 1, name: 'a', nodeFlags: ['-e'] }],
    ['a flag with a zero byte', { v: 1, name: 'a', nodeFlags: ['--a\0--b'] }],
    ['no object', 7],
  ])('%s: image_invalid', async (_, manifest) => {
    const image = await writeImage(BUNDLE, []);
    await writeFile(join(image, 'image.json'), JSON.stringify(manifest));
    await expect(readImage(image)).rejects.toMatchObject({ code: 'image_invalid', cliCode: 'E35' });
  });

  test('a manifest that is no JSON: image_invalid', async () => {
    const image = await writeImage(BUNDLE, []);
    await writeFile(join(image, 'image.json'), '{');
    await expect(readImage(image)).rejects.toMatchObject({ code: 'image_invalid' });
  });

  test('a folder that is none: image_unreadable', async () => {
    await expect(readImage(join(folder, 'nothing'))).rejects.toMatchObject({
      code: 'image_unreadable',
      cliCode: 'E19',
    });
    await chmod(node, 0o600);
    await expect(readImage(node)).rejects.toMatchObject({ code: 'image_unreadable' });
  });
});
