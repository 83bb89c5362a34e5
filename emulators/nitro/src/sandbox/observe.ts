// SPDX-License-Identifier: Apache-2.0
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import type { Namespace } from './probe.ts';

/** Files of /proc/PID/ns. */
const NAMESPACE_FILES: Readonly<Record<Namespace, string>> = {
  user: 'user',
  mount: 'mnt',
  network: 'net',
  pid: 'pid',
  ipc: 'ipc',
  uts: 'uts',
  cgroup: 'cgroup',
};

/**
 * What a running process is kept from, as the kernel tells it: not what was asked for. Names of namespaces that are
 * not those of this process, and
 * - `private_root`: its root directory is not this process's
 * - `no_new_privileges`, `no_capabilities`, `no_core_dumps`, `no_file_writes` (file size limit 0)
 * - `empty_environment`
 * - `not_dumpable`: other processes of the same user can neither trace it nor read its memory or descriptors
 *
 * What cannot be read is not claimed. Empty where there is no /proc.
 */
export function observeIsolation(pid: number): string[] {
  const here = '/proc/self';
  const there = `/proc/${pid}`;
  const names: string[] = [];
  const note = (name: string, holds: () => boolean) => {
    try {
      if (holds()) names.push(name);
    } catch {
      // Not readable: not claimed.
    }
  };
  for (const [name, file] of Object.entries(NAMESPACE_FILES)) {
    note(name, () => readlinkSync(`${there}/ns/${file}`) !== readlinkSync(`${here}/ns/${file}`));
  }
  note('private_root', () => {
    const [root, own] = [statSync(`${there}/root/`), statSync(`${here}/root/`)];
    return root.dev !== own.dev || root.ino !== own.ino;
  });
  const status = fields(read(`${there}/status`));
  note('no_new_privileges', () => status.get('NoNewPrivs') === '1');
  note('no_capabilities', () =>
    ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'].every((set) => /^0+$/.test(status.get(set) ?? '')),
  );
  const limits = read(`${there}/limits`);
  note('no_core_dumps', () => /^Max core file size\s+0\s+0\s/m.test(limits));
  note('no_file_writes', () => /^Max file size\s+0\s+0\s/m.test(limits));
  note('empty_environment', () => readFileSync(`${there}/environ`).length === 0);
  note('not_dumpable', () => process.geteuid?.() !== 0 && statSync(`${there}/environ`).uid === 0);
  return names;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** "Name:\tvalue" lines. */
function fields(text: string): Map<string, string> {
  return new Map(
    text.split('\n').map((line): [string, string] => {
      const at = line.indexOf(':');
      return [line.slice(0, at), line.slice(at + 1).trim()];
    }),
  );
}
