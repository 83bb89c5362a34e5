// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { type Entry, readAr, readTar, tree } from '@enclave-vault/image-parts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { register } from '../../../verifier/eif/test/write-eif.ts';
import { cpio, tar } from '../rootfs.ts';
import { applicationRamdisk, bootRamdisk, pcr2Of } from '../src/ramdisks.ts';

const ENTRIES = tree([
  { path: 'bin/node', mode: 0o755, data: Buffer.from('program') },
  { path: 'app/enclave.mjs', mode: 0o644, data: Buffer.alloc(513, 1) },
  { path: 'proc', mode: 0o755, data: null },
]);

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const name = fc.stringMatching(/^[a-z0-9_+-][a-zA-Z0-9._+-]{0,20}$/);
const anyFiles = fc.uniqueArray(
  fc.tuple(fc.array(name, { minLength: 1, maxLength: 4 }), fc.uint8Array({ maxLength: 1500 })),
  {
    selector: ([path]) => path[0],
  },
);

describe('tree', () => {
  test('adds folders and sorts by path, whatever the order', () => {
    const paths = ['app', 'app/enclave.mjs', 'bin', 'bin/node', 'proc'];
    expect(ENTRIES.map(({ path }) => path)).toEqual(paths);
    expect(tree([...ENTRIES].reverse())).toEqual(ENTRIES);
  });

  test.each(['', '/bin', 'bin/', '../etc', 'a/./b', 'a//b', 'a b', 'a\n', `${'a/'.repeat(50)}b`])(
    'refuses the path %j',
    (path) => {
      expect(() => tree([{ path, mode: 0o644, data: null }])).toThrow(
        expect.objectContaining({ code: 'entry_invalid' }),
      );
    },
  );

  test('refuses a path that stands twice, or is a file and a folder', () => {
    const file = (path: string): Entry => ({ path, mode: 0o644, data: Buffer.alloc(0) });
    for (const entries of [
      [file('a'), file('a')],
      [file('a'), file('a/b')],
      [file('a/b'), file('a')],
    ]) {
      expect(() => tree(entries)).toThrow(expect.objectContaining({ code: 'entry_invalid' }));
    }
  });
});

describe('tar', () => {
  test('is the same bytes for ever', () => {
    const archive = tar(ENTRIES, 1_700_000_000);
    expect(archive.length % 10_240).toBe(0);
    expect(sha256(archive)).toBe('5d6bfff94e9d3abf1dab8127e723c12cad56c3f728b30ece154dbf911581d3ec');
  });

  test('carries owner 0, the mode and the time of each entry', () => {
    const header = tar(ENTRIES, 0o1234567).subarray(0, 512);
    expect(header.toString('latin1', 0, 4)).toBe('app/');
    expect(header.toString('latin1', 100, 148)).toBe(
      '0000755\x000000000\x000000000\x0000000000000\x0000001234567\0',
    );
  });

  test('gives back what went in', () => {
    fc.assert(
      fc.property(anyFiles, (files) => {
        const entries = files.map(
          ([path, data]) => ({ path: path.join('/'), mode: 0o644, data: Buffer.from(data) }) as const,
        );
        const found = readTar(tar(tree(entries), 0));
        expect(new Map(entries.map(({ path, data }) => [path, { data }]))).toEqual(found);
      }),
      { numRuns: 50 },
    );
  });
});

describe('cpio', () => {
  test('is the same bytes for ever', () => {
    const archive = cpio(ENTRIES, 1_700_000_000);
    expect(archive.length % 4).toBe(0);
    expect(sha256(archive)).toBe('fd0085af5502656225c50a41f25a3cf384d9ab910cb315ff29eb044c5bb7b683');
  });

  test('writes a file as newc: header, name, contents, each padded to four bytes', () => {
    const archive = cpio([{ path: 'ab', mode: 0o644, data: Buffer.from('hello') }], 0x10);
    const numbers = ['1', '81A4', '0', '0', '1', '10', '5', '0', '0', '0', '0', '3', '0'];
    const header = `070701${numbers.map((number) => number.padStart(8, '0')).join('')}ab\0`;
    expect(archive.toString('latin1', 0, 124)).toBe(`${header}\0\0\0hello\0\0\0`.slice(0, 124));
    expect(archive.toString('latin1')).toContain('TRAILER!!!');
  });
});

describe('ramdisks', () => {
  const names = (archive: Buffer): string[] =>
    [...archive.toString('latin1').matchAll(/070701[0-9A-F]{104}([^\0]+)\0/g)].map(([, found = '']) => found);

  test('carry the application as AWS init reads it: command, environment, file system', () => {
    const ramdisk = applicationRamdisk(
      { entries: ENTRIES, entrypoint: ['/bin/node', '--flag', '/app/enclave.mjs'] },
      0,
    );
    expect(names(ramdisk)).toEqual([
      'cmd',
      'env',
      'rootfs',
      ...ENTRIES.map(({ path }) => `rootfs/${path}`),
      'TRAILER!!!',
    ]);
    expect(ramdisk.includes('/bin/node\n--flag\n/app/enclave.mjs\n')).toBe(true);
    expect(pcr2Of(ramdisk)).toBe(register(ramdisk).toString('hex'));
  });

  test('begin with the init, and the driver where there is one', () => {
    const init = Buffer.from('init');
    expect(names(bootRamdisk(init, null, 0))).toEqual(['dev', 'init', 'TRAILER!!!']);
    expect(names(bootRamdisk(init, init, 0))).toEqual(['dev', 'init', 'nsm.ko', 'TRAILER!!!']);
  });
});

describe('archives of packages', () => {
  test('reads GNU long names, pax paths and links', () => {
    const long = `usr/${'l'.repeat(150)}`;
    const archive = Buffer.concat([
      member('././@LongLink', 'L', Buffer.from(`./${long}\0`)),
      member('short', '0', Buffer.from('one')),
      member('pax', 'x', Buffer.from('21 path=somewhere/el\n')),
      member('short', '0', Buffer.from('two')),
      member('./lib/libx.so.1', '2', Buffer.alloc(0), 'libx.so.1.2'),
      Buffer.alloc(1024),
    ]);
    expect(readTar(archive)).toEqual(
      new Map<string, unknown>([
        [long, { data: Buffer.from('one') }],
        ['somewhere/el', { data: Buffer.from('two') }],
        ['lib/libx.so.1', { link: 'libx.so.1.2' }],
      ]),
    );
  });

  test.each([
    ['a size beyond the end', Buffer.concat([member('a', '0', Buffer.alloc(5)).subarray(0, 514)])],
    ['a size that is none', member('a', '0', Buffer.alloc(0)).fill('x', 124, 136)],
  ])('refuses %s', (_, archive) => {
    expect(() => readTar(archive)).toThrow(expect.objectContaining({ code: 'input_malformed' }));
  });

  test('reads ar, and refuses what is none', () => {
    const head = (file: string, size: number): string =>
      `${file.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(size).padEnd(10)}\`\n`;
    const archive = Buffer.from(`!<arch>\n${head('debian-binary', 3)}2.0\n${head('data.tar.xz/', 2)}xz`);
    expect([...readAr(archive)].map(([file, data]) => [file, data.toString()])).toEqual([
      ['debian-binary', '2.0'],
      ['data.tar.xz', 'xz'],
    ]);
    for (const bad of [Buffer.from('nothing'), archive.subarray(0, archive.length - 1)]) {
      expect(() => readAr(bad)).toThrow(expect.objectContaining({ code: 'input_malformed' }));
    }
  });
});

/** A ustar member as others write it: its checksum is not looked at. */
function member(path: string, type: string, data: Buffer, link = ''): Buffer {
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write(data.length.toString(8).padStart(11, '0'), 124);
  header.write(type, 156);
  header.write(link, 157);
  header.write('ustar\x0000', 257, 'latin1');
  return Buffer.concat([header, data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}
