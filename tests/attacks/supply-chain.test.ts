// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { DeployError } from '../../tools/deploy/src/errors.ts';
import { openRelease } from '../../tools/deploy/src/release/open.ts';
import { PROJECT_KEY, releaseFixture } from '../../tools/deploy/test/support/release-fixture.ts';

/**
 * Actor: supply chain
 * Has: the place from which releases are fetched, every release that was ever signed, and a package that is depended on. No signing key.
 * Wants: his program or configuration deployed; code of his run where packages are installed.
 * Cannot: have a file deployed that was not signed as that part of that very release, or run code at an installation.
 * Remains: an older release with its true signature is taken: a manifest does not expire, and who deploys reads its version. A package that
 *   is harmful when it is called, and not when it is installed, is for review to find.
 */
const folder = mkdtempSync(join(tmpdir(), 'ev-supply-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const refused = async (release: string, key = PROJECT_KEY): Promise<string> => {
  try {
    await openRelease(release, key);
    return 'taken';
  } catch (error) {
    if (!(error instanceof DeployError)) throw error;
    return [error.message, ...error.details].join('\n');
  }
};

describe('a release from a place that is his', () => {
  it('is taken when it is whole, an older one as well, and says which it is', async () => {
    for (const version of ['1.1.0', '1.0.0']) {
      const { folder: place } = await releaseFixture(version);
      expect((await openRelease(place, PROJECT_KEY)).release.version).toBe(version);
    }
  });

  it.each([
    ['the image of another release of ours', 'enclave-vault.eif'],
    ['the parent of another release of ours', 'parent.tar.gz'],
    ['the API of another release of ours', 'api.zip'],
  ])('with %s, each signed in its own, is refused', async (_, file) => {
    const [old, current] = [await releaseFixture('1.0.0'), await releaseFixture('1.1.0')];
    copyFileSync(join(old.folder, file), join(current.folder, file));
    expect(await refused(current.folder)).toContain(`is not the one that was signed: ${file}`);
  });

  it('with the manifest of another release of ours beside its files is refused, file by file', async () => {
    const [old, current] = [await releaseFixture('1.0.0'), await releaseFixture('1.1.0')];
    copyFileSync(join(old.folder, 'release.json'), join(current.folder, 'release.json'));
    const said = await refused(current.folder);
    for (const file of ['api.zip', 'parent.tar.gz', 'enclave-vault.eif']) expect(said).toContain(file);
  });

  it('with a file of one part under the name of another is refused', async () => {
    const { folder: place } = await releaseFixture('1.0.0');
    copyFileSync(join(place, 'canary-outside.zip'), join(place, 'canary-inside.zip'));
    expect(await refused(place)).toContain('canary-inside.zip');
  });

  it('that he signed himself is refused, with all else as it should be', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    const { folder: place } = await releaseFixture('1.1.0', '1.1.0', { by: privateKey });
    expect(await refused(place)).toContain('not signed by this key');
    // It is the key that decides: whoever is talked into his takes his release.
    expect(await refused(place, publicKey.export({ format: 'pem', type: 'spki' }).toString())).toBe('taken');
  });
});

describe('a package that is depended on', () => {
  const run = promisify(execFile);
  const npm = join(dirname(process.execPath), 'npm');

  /** Installs it into an empty project. @returns whether code of its ran */
  async function installs(npmrc: boolean): Promise<boolean> {
    const place = mkdtempSync(join(folder, 'project-'));
    const mark = join(place, 'ran');
    mkdirSync(join(place, 'evil'));
    const script = `node -e "require('node:fs').writeFileSync(${JSON.stringify(mark).replaceAll('"', "'")}, '')"`;
    const scripts = { preinstall: script, install: script, postinstall: script, prepare: script };
    writeFileSync(
      join(place, 'evil/package.json'),
      JSON.stringify({ name: 'evil', version: '1.0.0', scripts }),
    );
    const own = { name: 'project', private: true, dependencies: { evil: 'file:./evil' } };
    writeFileSync(join(place, 'package.json'), JSON.stringify(own));
    if (npmrc) copyFileSync(join(import.meta.dirname, '../../.npmrc'), join(place, '.npmrc'));
    const env = { PATH: process.env.PATH, HOME: place, npm_config_cache: join(place, 'cache') };
    await run(existsSync(npm) ? npm : 'npm', ['install', '--offline', '--no-audit', '--no-fund'], {
      cwd: place,
      env,
    });
    expect(existsSync(join(place, 'node_modules/evil/package.json'))).toBe(true);
    return existsSync(mark);
  }

  it('runs code when it is installed elsewhere, and none under this repository’s settings', async () => {
    expect([await installs(false), await installs(true)]).toEqual([true, false]);
  });
});
