// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inputsOf, sizeDifferences, sizeOf } from '../../../../tests/budget/support/sizes.ts';
import { buildParent, type ParentBuild } from '../../build.ts';

let folder: string;
let built: ParentBuild;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evb-'));
  built = await buildParent(join(folder, 'a'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (source: string, ...more: string[]) =>
  spawnSync(process.execPath, [...more, '--input-type=module', '-e', source], {
    cwd: join(folder, 'a'),
    encoding: 'utf8',
    env: {},
  });

test('the same sources give the same bytes, in whatever folder', async () => {
  const again = await buildParent(join(folder, 'b'));
  expect(again.sha384).toBe(built.sha384);
  for (const name of readdirSync(join(folder, 'b')).filter((entry) => entry.includes('.'))) {
    expect(readFileSync(join(folder, 'b', name)).equals(readFileSync(join(folder, 'a', name)))).toBe(true);
  }
});

test('it is as large as its budget says', () => {
  expect(sizeDifferences('parent', sizeOf(built.bytes, inputsOf(built.metafile)))).toEqual([]);
});

test('it needs no node_modules, and names no path of this machine', () => {
  const code = readFileSync(join(folder, 'a', 'parent.mjs'), 'utf8');
  expect(code).not.toContain('node_modules/.bin');
  expect(code).not.toContain(import.meta.dirname.slice(0, import.meta.dirname.indexOf('/host/')));
  const imported = [...code.matchAll(/^import .* from ["']([^"']+)["']/gm)].map(([, name]) => name ?? '');
  expect(imported.filter((name) => !name.startsWith('node:'))).toEqual([]);
});

test('the bundle starts where nothing else is, and says what it wants to be told', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(built.directory, 'parent.mjs')], {
    cwd: '/',
    input: '{}\n',
    encoding: 'utf8',
    env: {},
  });
  expect(status).toBe(2);
  expect(JSON.parse(stderr)).toMatchObject({ event: 'config_invalid', level: 'error' });
});

test.runIf(process.platform === 'linux')('the addon beside it is one that this Node loads', () => {
  const { status, stderr } = run("process.dlopen({ exports: {} }, './koffi.node')");
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
