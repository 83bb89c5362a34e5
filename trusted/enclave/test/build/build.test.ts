// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { sizeDifferences, sizeOf } from '../../../../tests/budget/support/sizes.ts';
import { NITRO_NODE_FLAGS, NODE_FLAGS } from '../../build/flags.ts';
import { buildEnclave, buildNitroEnclave } from '../../build.ts';

const ROOT = realpathSync(fileURLToPath(new URL('../../../..', import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'ev-build-'));
afterAll(() => rmSync(folder, { recursive: true }));
const contents = (directory: string) =>
  readdirSync(directory)
    .sort()
    .map((name) => [
      name,
      createHash('sha384')
        .update(readFileSync(join(directory, name)))
        .digest('hex'),
    ]);

describe('the image', () => {
  test('is two files, whose bytes do not depend on where and from where they are made', async () => {
    const one = await buildEnclave(join(folder, 'one'));
    expect(contents(one.directory).map(([name]) => name)).toEqual(['enclave.mjs', 'image.json']);
    expect(contents(one.directory)[0]?.[1]).toBe(one.sha384);
    const { size } = statSync(join(one.directory, 'enclave.mjs'));
    expect(sizeDifferences('enclave', sizeOf(size, one.inputs))).toEqual([]);

    // Another folder, another working directory, the sources reached by another path, another environment.
    const alias = join(folder, 'a link to the sources');
    symlinkSync(ROOT, alias);
    const two = join(folder, 'elsewhere', 'two');
    execFileSync(process.execPath, [join(alias, 'trusted/enclave/build.ts'), two], {
      cwd: folder,
      env: { TZ: 'Asia/Tokyo', LANG: 'tr_TR.UTF-8', NODE_ENV: 'production', TSX_TSCONFIG_PATH: '/x' },
    });
    const preserved = join(folder, 'three');
    execFileSync(
      process.execPath,
      ['--preserve-symlinks', '--preserve-symlinks-main', join(alias, 'trusted/enclave/build.ts'), preserved],
      { cwd: folder },
    );
    expect(contents(two)).toEqual(contents(one.directory));
    expect(contents(preserved)).toEqual(contents(one.directory));
  });

  test('for AWS has its addon beside it, and the same bytes wherever it is made', async () => {
    const one = await buildNitroEnclave(join(folder, 'nitro-one'));
    const two = await buildNitroEnclave(join(folder, 'elsewhere', 'nitro-two'));
    expect([one.sha384, one.native.map(({ sha384 }) => sha384)]).toEqual([
      two.sha384,
      two.native.map(({ sha384 }) => sha384),
    ]);
    const { size } = statSync(join(one.directory, 'enclave.mjs'));
    expect(sizeDifferences('enclave-nitro', sizeOf(size, one.inputs))).toEqual([]);
    const image = JSON.parse(readFileSync(join(one.directory, 'image.json'), 'utf8'));
    expect(image).toMatchObject({ v: 1, entry: 'enclave.mjs', nodeFlags: NITRO_NODE_FLAGS });
    for (const { architecture, file, sha384, path, bytes } of one.native) {
      expect(image.native[architecture]).toEqual({ file, sha384 });
      if (path === null) continue;
      const addon = readFileSync(path);
      expect([addon.length, createHash('sha384').update(addon).digest('hex')]).toEqual([bytes, sha384]);
    }
    expect(one.native.map(({ architecture }) => architecture)).toEqual(['x64', 'arm64']);
    const { inputs } = await buildEnclave(join(folder, 'one'));
    const extra = Object.keys(one.inputs).filter((file) => !(file in inputs));
    expect(extra.filter((file) => !/^trusted\/(?:linux|enclave)\/src\//.test(file))).toEqual([]);
  });

  test('names no folder of this machine and no time', async () => {
    const { directory } = await buildEnclave(join(folder, 'one'));
    const code = readFileSync(join(directory, 'enclave.mjs'), 'utf8');
    for (const word of [ROOT, folder, process.env.HOME ?? ROOT, String(new Date().getFullYear() + 1)]) {
      expect(code).not.toContain(word);
    }
  });

  test('has the flags that a hypervisor measures', async () => {
    const { directory, nodeFlags } = await buildEnclave(join(folder, 'one'));
    const image = JSON.parse(readFileSync(join(directory, 'image.json'), 'utf8'));
    expect(image).toEqual({ v: 1, name: 'enclave-vault', nodeFlags: NODE_FLAGS });
    expect(nodeFlags).toEqual(NODE_FLAGS);
    expect(NODE_FLAGS.every((flag) => flag.startsWith('--'))).toBe(true);
  });

  test('contains the trusted packages and the expression library, and nothing of the others', async () => {
    const { inputs } = await buildEnclave(join(folder, 'one'));
    const files = Object.keys(inputs).filter((file) => file !== '<define:process.env>');
    const owners = files.map((file) => /^(?:node_modules\/(?:@[^/]+\/)?[^/]+|[^/]+\/[^/]+)/.exec(file)?.[0]);
    for (const owner of new Set(owners)) expect(owner).toMatch(/^(?:trusted\/|node_modules\/@bufbuild\/)/);
    expect(owners).toContain('trusted/enclave');
    expect(
      Object.keys(inputs).filter((file) =>
        /aws-sdk|smithy|emulator|host\/|\/test\/|records\/src\/seal/.test(file),
      ),
    ).toEqual([]);
  });
});
