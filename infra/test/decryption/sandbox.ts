// SPDX-License-Identifier: Apache-2.0
/**
 * An instance that is a folder: user data and install.sh run as they are, but that every absolute path leads into the folder, with
 * stand-ins on the PATH for what Amazon Linux and AWS would do. Each stand-in writes down how it was called.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packParent } from '../../../host/parent/build/archive.ts';
import { parentSettingsArchive } from '../../../host/parent/build/settings-archive.ts';
import { type UserDataOptions, userData } from '../../src/stages/decryption/user-data.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');
const ACCOUNT = '111122223333';
export const INSTANCE = 'i-0123456789abcdef0';
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export type Part = 'parent' | 'image' | 'settings';

export interface Ending {
  readonly status: number | null;
  /** Command lines of stand-ins, in order. */
  readonly calls: readonly string[];
  /** Lines of JSON that reached the console. */
  readonly said: readonly Readonly<Record<string, unknown>>[];
  readonly stderr: string;
}

/** What goes wrong. */
export interface Faults {
  /** Octets that S3 has in place of the right ones. */
  readonly served?: Partial<Record<Part, Buffer>>;
  /** Objects that S3 does not give. */
  readonly missing?: readonly Part[];
  /** So many calls of dnf fail. */
  readonly dnfFails?: number;
  readonly metadata?: 'away';
  /** Statuses of /health one after the other; the last stays. */
  readonly health?: readonly number[];
  /** What is unpacked is not what was packed. */
  readonly disk?: 'lies';
  /** CloudFormation waits for nobody. */
  readonly unsignalled?: true;
}

export class Sandbox {
  readonly root = mkdtempSync(join(tmpdir(), 'evi-'));
  readonly options: UserDataOptions;
  readonly parts: Readonly<Record<Part, Buffer>>;

  constructor(more: Partial<UserDataOptions> = {}) {
    const text = (path: string): Buffer =>
      Buffer.from(this.inside(readFileSync(join(REPOSITORY, path), 'utf8')));
    const files = new Map([
      ['bin/node', Buffer.from('node of arm64')],
      ['koffi.node', Buffer.from('addon')],
      ['parent.mjs', Buffer.from('program')],
      ['install.sh', text('deploy/instance/install.sh')],
      ...[
        'enclave-vault-parent.service',
        'enclave-vault-log.service',
        'enclave-vault.sysctl.conf',
        'enclave-vault.sysusers.conf',
      ].map((name) => [`systemd/${name}`, text(`deploy/systemd/${name}`)] as const),
    ]);
    this.parts = {
      parent: packParent(files, 0).bytes,
      image: Buffer.from('an enclave image'),
      settings: parentSettingsArchive({
        'allocator.yaml': '---\nmemory_mib: 1024\ncpu_count: 2\n',
        'amazon-cloudwatch-agent.json': '{}\n',
        'channel-client-root.pem': 'client root\n',
        'channel-server-root.pem': 'server root\n',
        'enclave.configuration': Uint8Array.of(0xa0),
        'parent.json': '{}\n',
      }),
    };
    const placed = (part: Part, key: string) => ({
      bucket: `vault-artifacts-${ACCOUNT}-eu-central-1`,
      key,
      version: `version-of-${part}`,
      sha256: sha256(this.parts[part]),
    });
    this.options = {
      region: 'eu-central-1',
      account: ACCOUNT,
      release: {
        release: '0.2.0',
        parent: placed('parent', 'release/parent.tar.gz'),
        image: placed('image', 'release/enclave-vault.eif'),
        parentSettings: placed('settings', 'settings/parent.tar.gz'),
      },
      stack: 'vault-decryption',
      group: 'Group',
      logGroup: '/vault/parent',
      bootSeconds: 200,
      settleSeconds: 120,
      ...more,
    };
  }

  /** A script whose absolute paths lead here. */
  inside(script: string): string {
    return script.replaceAll(
      /(?<![\w.:])\/(?=(?:opt|etc|var|root|usr\/lib|dev\/console)\b)/g,
      `${this.root}/`,
    );
  }

  run(faults: Faults = {}): Ending {
    this.#prepare(faults);
    // The log group's name is no path.
    const script = this.inside(userData(this.options));
    writeFileSync(join(this.root, 'user-data'), script);
    const { status, stderr } = spawnSync('/bin/bash', [join(this.root, 'user-data')], {
      cwd: '/',
      encoding: 'utf8',
      env: { PATH: `${join(this.root, 'stand-ins')}:/usr/bin:/bin` },
      timeout: 240_000,
    });
    const lines = (name: string): string[] =>
      existsSync(join(this.root, name))
        ? readFileSync(join(this.root, name), 'utf8')
            .split('\n')
            .filter((line) => line !== '')
        : [];
    return {
      status,
      stderr,
      calls: lines('calls'),
      said: lines('dev/console').map((line) => JSON.parse(line) as Record<string, unknown>),
    };
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }

  read(path: string): Buffer {
    return readFileSync(join(this.root, path));
  }

  mode(path: string): number {
    return statSync(join(this.root, path)).mode & 0o777;
  }

  /** Names in a folder of the instance. */
  names(path: string): string[] {
    return readdirSync(join(this.root, path)).sort();
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }

  #prepare(faults: Faults): void {
    for (const folder of ['dev', 'etc/systemd/system', 'var/log', 'usr/lib', 'stand-ins', 's3', 'packages']) {
      mkdirSync(join(this.root, folder), { recursive: true });
    }
    for (const [part, bytes] of Object.entries(this.parts)) {
      if (faults.missing?.includes(part as Part)) continue;
      writeFileSync(join(this.root, `s3/version-of-${part}`), faults.served?.[part as Part] ?? bytes);
    }
    writeFileSync(
      join(this.root, 'health'),
      (faults.health ?? [503, 200]).map((status) => `${status}\n`).join(''),
    );
    writeFileSync(join(this.root, 'dnf-fails'), String(faults.dnfFails ?? 0));
    const record = `printf '%s\\n' "$(basename "$0") $*" >>'${this.root}/calls'`;
    const command = (path: string, body = ''): void => {
      const file = join(this.root, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `#!/bin/bash\n${record}\n${body}\n`);
      chmodSync(file, 0o755);
    };
    for (const name of ['systemctl', 'systemd-sysusers', 'sysctl', 'chown', 'sleep'])
      command(`stand-ins/${name}`);
    if (faults.disk === 'lies') {
      command(
        'stand-ins/tar',
        `PATH=/usr/bin:/bin tar "$@" && printf x >>'${this.root}/opt/enclave-vault/parent.mjs'`,
      );
    }
    command(
      'stand-ins/dnf',
      `left=$(<'${this.root}/dnf-fails')
if [ "$left" -gt 0 ]; then echo $((left - 1)) >'${this.root}/dnf-fails'; exit 1; fi
cp '${this.root}/packages/aws' '${this.root}/stand-ins/aws'
mkdir -p '${this.root}/opt/aws/amazon-cloudwatch-agent/bin'
cp '${this.root}/packages/amazon-cloudwatch-agent-ctl' '${this.root}/opt/aws/amazon-cloudwatch-agent/bin/'`,
    );
    command(
      'stand-ins/curl',
      faults.metadata === 'away'
        ? 'exit 7'
        : `case "$*" in
*/latest/api/token) printf token ;;
*/latest/meta-data/instance-id) printf '${INSTANCE}' ;;
*/health)
  head -n 1 '${this.root}/health' | tr -d '\\n'
  [ "$(wc -l <'${this.root}/health')" -lt 2 ] || sed -i 1d '${this.root}/health' ;;
*) exit 22 ;;
esac`,
    );
    command('packages/amazon-cloudwatch-agent-ctl');
    command(
      'packages/aws',
      `case "$*" in
*get-object*)
  version=''
  while [ $# -gt 1 ]; do [ "$1" = --version-id ] && version=$2; shift; done
  cat "${this.root}/s3/$version" >"$1" || exit 254 ;;
*signal-resource*) ${faults.unsignalled ? 'exit 255' : ':'} ;;
esac`,
    );
  }
}
