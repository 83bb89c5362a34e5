// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nativeFile } from '../../build/addons.ts';
import { NITRO_NODE_FLAGS } from '../../build/flags.ts';

const { arch, platform } = process;
const addon = platform === 'linux' && (arch === 'x64' || arch === 'arm64') ? nativeFile(arch).path : null;
const folder = mkdtempSync(join(tmpdir(), 'ev-nitro-flags-'));
let seen: Record<string, unknown> = {};

beforeAll(async () => {
  if (addon === null) return;
  const probe = join(folder, 'probe.mjs');
  copyFileSync(addon, join(folder, 'koffi.node'));
  await build({
    entryPoints: [fileURLToPath(new URL('../fixtures/nitro-probe.ts', import.meta.url))],
    outfile: probe,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['bundled', 'module'],
  });
  const printed = execFileSync(process.execPath, [...NITRO_NODE_FLAGS, probe], {
    cwd: folder,
    env: {},
    encoding: 'utf8',
  });
  seen = JSON.parse(printed);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.runIf(addon !== null)('under the flags for AWS', () => {
  test('the process has its ioctl, and keeps it when it gave up the permission', () => {
    expect(seen).toMatchObject({ ioctl: 'not_this_device', dumps: 'done', libcAfterDrop: 'done' });
  });

  test('nothing native is loaded any more after that', () => {
    expect(seen).toMatchObject({ beforeDrop: 'done', afterDrop: 'ERR_ACCESS_DENIED' });
  });

  test('an expression worker never has an addon, libc or a binding', () => {
    const nothing = {
      addon: 'ERR_DLOPEN_DISABLED',
      libc: 'not_supported',
      binding: 'ERR_ACCESS_DENIED',
    };
    expect(seen).toMatchObject({ inWorker: nothing, workerAfterDrop: nothing });
  });

  test('a thread of other flags has none if it is bound; one that is not is the way round, as ADR 11 says', () => {
    expect(seen).toMatchObject({ boundThread: 'ERR_DLOPEN_DISABLED', unboundThread: 'loaded' });
  });
});
