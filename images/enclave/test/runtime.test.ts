// SPDX-License-Identifier: Apache-2.0

import { tree } from '@enclave-vault/image-parts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NITRO_NODE_FLAGS } from '../../../trusted/enclave/build/flags.ts';
import { ImageError } from '../rootfs.ts';
import { platformOf } from '../src/architecture.ts';
import { dockerfileFor } from '../src/dockerfile.ts';
import { readElf } from '../src/elf.ts';
import { librariesOf } from '../src/runtime.ts';
import { bundledComponents, sbom } from '../src/sbom.ts';
import { type ElfParts, writeElf } from './elf.ts';

const failsWith = (code: string) => expect.objectContaining({ code });
const X64 = platformOf('x86_64');
const LOADER = '/lib64/ld-linux-x86-64.so.2';
const FOLDER = 'usr/lib/x86_64-linux-gnu';

describe('ELF files', () => {
  test('say what they need', () => {
    const file = writeElf({ needed: ['libc.so.6', 'libm.so.6'], soname: 'libx.so.1', interpreter: LOADER });
    expect(readElf(file)).toEqual({
      machine: 62,
      interpreter: LOADER,
      soname: 'libx.so.1',
      needed: ['libc.so.6', 'libm.so.6'],
    });
    expect(readElf(writeElf({}))).toEqual({ machine: 62, interpreter: null, soname: null, needed: [] });
  });

  test('that are none, or harmed, are refused', () => {
    const file = writeElf({ needed: ['libc.so.6'] });
    for (const bad of [
      Buffer.alloc(0),
      Buffer.from('#!/bin/sh\n'),
      file.subarray(0, 60),
      file.subarray(0, -60),
    ]) {
      expect(() => readElf(bad)).toThrow(failsWith('input_malformed'));
    }
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(255), (at, value) => {
        const changed = Buffer.from(file);
        changed[at] = value;
        try {
          readElf(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(ImageError);
        }
      }),
    );
  });
});

describe('libraries', () => {
  const program = (needed: readonly string[]) =>
    new Map([['bin/node', writeElf({ needed, interpreter: LOADER })]]);
  const library = (name: string, parts: ElfParts = {}) =>
    [`${FOLDER}/${name}`, { data: writeElf({ soname: name, ...parts }) }] as const;
  const libc = new Map([
    library('libc.so.6', { needed: ['ld-linux-x86-64.so.2'] }),
    library('ld-linux-x86-64.so.2'),
    library('libutil.so.1'),
  ]);
  const libx = new Map<string, { data: Buffer } | { link: string }>([
    library('libx.so.1.0', { needed: ['libc.so.6'] }),
    [`${FOLDER}/libx.so.1`, { link: 'libx.so.1.0' }],
  ]);

  test('are those that are needed, under the names that the loader looks for', () => {
    const found = librariesOf(program(['libx.so.1']), [libc, libx], X64);
    expect(found.map(({ path, from }) => [path, from]).sort()).toEqual([
      ['lib/x86_64-linux-gnu/libc.so.6', 0],
      ['lib/x86_64-linux-gnu/libx.so.1', 1],
      ['lib64/ld-linux-x86-64.so.2', 0],
    ]);
  });

  test.each<[string, string, Parameters<typeof librariesOf>]>([
    ['a library that no package has', 'library_missing', [program(['liby.so.1']), [libc, libx], X64]],
    ['a package that nothing needs', 'library_unused', [program(['libc.so.6']), [libc, libx], X64]],
    [
      'a program of another machine',
      'wrong_machine',
      [program(['libc.so.6']), [libc], platformOf('aarch64')],
    ],
    [
      'a library of another machine',
      'wrong_machine',
      [program(['liby.so']), [new Map([library('liby.so', { machine: 183 })])], X64],
    ],
    [
      'a loader that no package has',
      'library_missing',
      [program(['liby.so']), [new Map([library('liby.so')])], X64],
    ],
    [
      'a link to nothing',
      'input_malformed',
      [program(['liby.so']), [new Map([[`${FOLDER}/liby.so`, { link: 'libz.so' }]])], X64],
    ],
    [
      'links in a ring',
      'input_malformed',
      [program(['liby.so']), [new Map([[`${FOLDER}/liby.so`, { link: 'liby.so' }]])], X64],
    ],
  ])('refuses %s', (_, code, args) => {
    expect(() => librariesOf(...args)).toThrow(failsWith(code));
  });
});

describe('Dockerfile', () => {
  const entrypoint = ['/bin/node', ...NITRO_NODE_FLAGS, '/app/enclave.mjs'];

  test('starts the program with its flags, and adds nothing but the root file system', () => {
    const text = dockerfileFor(entrypoint);
    const instructions = text.replaceAll(/^#.*\n/gm, '').match(/^[A-Z]+.*$/gm);
    expect(instructions).toEqual(['FROM scratch', 'ADD rootfs.tar /', 'ENTRYPOINT [ \\']);
  });

  test.each([
    ['other flags', 'ENTRYPOINT ["/bin/node", "/app/enclave.mjs"]\n'],
    ['a shell', 'ENTRYPOINT /bin/node\n'],
    ['no JSON', 'ENTRYPOINT [/bin/node]\n'],
    ['no entry point', 'FROM scratch\n'],
    ['one more word', `ENTRYPOINT ${JSON.stringify(entrypoint)}\nCMD ["--inspect"]\n`],
  ])('is refused with %s', (_, text) => {
    expect(() => dockerfileFor(entrypoint, text)).toThrow(failsWith('entrypoint_differs'));
  });
});

describe('bill of materials', () => {
  const bundle = Buffer.from(
    '// node_modules/@bufbuild/cel/dist/esm/index.js\nx\n// trusted/codec/src/a.ts\n// node_modules/@bufbuild/cel/b.js\n',
  );

  test('names what is bundled, once, as the lockfile pins it', () => {
    const [cel, codec, ...rest] = bundledComponents(bundle);
    expect(rest).toEqual([]);
    expect(cel).toMatchObject({
      purl: 'pkg:npm/%40bufbuild/cel@0.6.1',
      licence: 'Apache-2.0',
      digest: { algorithm: 'SHA-512', hex: expect.stringMatching(/^[0-9a-f]{128}$/) },
    });
    expect(codec).toMatchObject({ purl: 'pkg:npm/%40enclave-vault/codec@0.1.0', licence: 'Apache-2.0' });
  });

  test('is CycloneDX, and the same every time', () => {
    const entries = tree([{ path: 'app/enclave.mjs', mode: 0o644, data: bundle }]);
    const text = sbom(X64, entries, [], bundledComponents(bundle));
    expect(text).toBe(sbom(X64, entries, [], bundledComponents(bundle)));
    const document = JSON.parse(text) as { components: { type: string; name: string }[] };
    expect(document).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' });
    expect(document.components.map(({ type, name }) => [type, name])).toEqual([
      ['library', '@bufbuild/cel'],
      ['library', '@enclave-vault/codec'],
      ['operating-system', 'linux'],
      ['application', 'init'],
      ['device-driver', 'nsm'],
      ['file', '/app/enclave.mjs'],
    ]);
  });
});
