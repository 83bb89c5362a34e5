// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run image:pins`: renews pins.json with what Debian's stable release has now. Needs apt, which checks Debian's signatures;
 * it works in a folder of its own, and nothing of this machine's apt changes.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ImageError } from '@enclave-vault/image-parts';
import { ARCHITECTURES, platformOf } from './src/architecture.ts';
import { debianMirror } from './src/debian.ts';
import { type DebianPin, PINS_FILE, type Pins, readPins } from './src/pins.ts';

const run = promisify(execFile);
const PACKAGES = ['libc6', 'libgcc-s1', 'libstdc++6'];
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** Where mirrors have the archive of security updates, seen from the main one. */
const SECURITY = '../debian-security/';
const CACHE = join(import.meta.dirname, '../../.cache');

async function renewed(architecture: 'amd64' | 'arm64', suite: string): Promise<readonly DebianPin[]> {
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'apt-'));
  try {
    const mirror = await debianMirror();
    const sources = join(folder, 'debian.sources');
    await writeFile(
      sources,
      [
        source(mirror, `${suite} ${suite}-updates`),
        source(new URL(SECURITY, mirror).href, `${suite}-security`),
      ].join('\n'),
    );
    for (const name of ['state/lists/partial', 'cache/archives/partial']) {
      await mkdir(join(folder, name), { recursive: true });
    }
    const settings = [
      `Dir::State=${folder}/state`,
      'Dir::State::status=/dev/null',
      `Dir::Cache=${folder}/cache`,
      `Dir::Etc::sourcelist=${sources}`,
      'Dir::Etc::sourceparts=/dev/null',
      `APT::Architecture=${architecture}`,
      `APT::Architectures=${architecture}`,
      'APT::Sandbox::User=root',
      'APT::Update::Error-Mode=any',
    ].flatMap((setting) => ['-o', setting]);
    await run('apt-get', [...settings, 'update'], { timeout: 300_000 });
    const { stdout } = await run('apt-get', [...settings, 'download', '--print-uris', ...PACKAGES]);
    return PACKAGES.map((name) => pinOf(name, stdout, mirror));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function source(url: string, suites: string): string {
  return `Types: deb\nURIs: ${url}\nSuites: ${suites}\nComponents: main\nSigned-By: ${KEYRING}\n`;
}

/** From a line of apt: 'URL' NAME_VERSION_ARCHITECTURE.deb SIZE SHA256:HEX */
function pinOf(name: string, lines: string, mirror: string): DebianPin {
  for (const line of lines.split('\n')) {
    const found = /^'(\S+)' ([^_\s]+)_([^_\s]+)_\S+ \d+ SHA256:([0-9a-f]{64})$/.exec(line);
    const [url, packageName, version, sha256] = found?.slice(1) ?? [];
    if (packageName !== name || !url || !version || !sha256) continue;
    const security = new URL(SECURITY, mirror).href;
    const path = url.startsWith(security) ? SECURITY + url.slice(security.length) : url.slice(mirror.length);
    return { name, version: decodeURIComponent(version), path: decodeURIComponent(path), sha256 };
  }
  throw new ImageError('input_unavailable', `apt names no package ${name}`);
}

const { suite, packages: before } = readPins();
const packages: { amd64: readonly DebianPin[]; arm64: readonly DebianPin[] } = { amd64: [], arm64: [] };
for (const architecture of ARCHITECTURES) {
  const { debian } = platformOf(architecture);
  packages[debian] = await renewed(debian, suite);
}
const file: Pins = { suite, packages };
await writeFile(PINS_FILE, `${JSON.stringify(file, null, 2)}\n`);
for (const [architecture, pins] of Object.entries(packages)) {
  for (const { name, version, sha256 } of pins) {
    const old = before[architecture as 'amd64' | 'arm64'].find((pin) => pin.name === name);
    const change = old?.sha256 === sha256 ? 'as before' : `was ${old?.version ?? 'not pinned'}`;
    process.stdout.write(`${architecture} ${name} ${version}: ${change}\n`);
  }
}
