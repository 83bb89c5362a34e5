// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Tools } from './tools.ts';

const run = promisify(execFile);

/** Namespaces by name, as `Isolation` reports them. */
export const NAMESPACES = ['user', 'mount', 'network', 'pid', 'ipc', 'uts', 'cgroup'] as const;
export type Namespace = (typeof NAMESPACES)[number];

const FLAGS: Readonly<Record<Namespace, readonly string[]>> = {
  user: ['--user', '--map-root-user'],
  mount: ['--mount'],
  network: ['--net'],
  pid: ['--pid'],
  ipc: ['--ipc'],
  uts: ['--uts'],
  cgroup: ['--cgroup'],
};

/** Arguments of unshare for these namespaces. */
export function unshareFlags(namespaces: ReadonlySet<Namespace>): string[] {
  const flags = NAMESPACES.filter((name) => namespaces.has(name)).flatMap((name) => FLAGS[name]);
  // Only children of unshare are in a new pid namespace, and its first process takes all others with it.
  return namespaces.has('pid') ? [...flags, '--fork', '--kill-child=SIGKILL'] : flags;
}

/** A program in a user namespace of its own below the first, which is no root there: it holds no capability. */
export const UNPRIVILEGED_USER = ['--user', '--map-user=65534', '--map-group=65534'];

/** What this kernel lets this user do. */
export interface Abilities {
  /** util-linux's setpriv: no_new_privs, and a signal when the hypervisor dies. */
  setpriv: boolean;
  /** May take away the bounding set: true for a root that holds its capabilities. */
  boundingSet: boolean;
  namespaces: ReadonlySet<Namespace>;
}

const TIMEOUT_MS = 5_000;

/**
 * Tries each step by itself, all at once (some 20 ms): kernels, containers and security modules refuse them in all
 * combinations, and with errors that say little.
 */
export async function probeAbilities(tools: Tools): Promise<Abilities> {
  const { unshare, setpriv, true: program } = tools;
  const none: Abilities = { setpriv: false, boundingSet: false, namespaces: new Set() };
  if (setpriv === null || program === null) return none;
  const works = async (file: string, args: readonly string[]) =>
    run(file, [...args, '--', program], { env: {}, timeout: TIMEOUT_MS }).then(
      () => true,
      () => false,
    );
  const [ready, boundingSet, user] = await Promise.all([
    works(setpriv, ['--no-new-privs', '--pdeathsig', 'KILL']),
    works(setpriv, ['--bounding-set=-all', '--inh-caps=-all']),
    unshare !== null &&
      works(unshare, [...FLAGS.user, '--', unshare, ...UNPRIVILEGED_USER, '--root=/', '--wd=/']),
  ]);
  if (!ready || unshare === null) return { ...none, setpriv: ready, boundingSet };
  const base: Namespace[] = user ? ['user'] : [];
  const others = NAMESPACES.filter((name) => name !== 'user');
  const found = await Promise.all(
    others.map(async (name) => works(unshare, unshareFlags(new Set<Namespace>([...base, name])))),
  );
  return {
    setpriv: true,
    boundingSet,
    namespaces: new Set([...base, ...others.filter((_, index) => found[index])]),
  };
}
