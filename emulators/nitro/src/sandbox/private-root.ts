// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:fs';
import { copyFile, mkdir, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { NitroError } from '../errors.ts';
import { BUNDLE_NAME } from '../measure/image.ts';
import { fileSink, loadRuntime, type RuntimeTarget, type Sink, sharedLibraries } from '../measure/runtime.ts';
import type { Launched, LaunchOptions } from './launch.ts';
import { childrenOf, Launcher } from './launcher.ts';
import { type Namespace, UNPRIVILEGED_USER, unshareFlags } from './probe.ts';
import { PRIVATE_ROOT_SCRIPT } from './scripts.ts';

const NODE = '/node';
const SETPRIV = '/launch/setpriv';
/** Folders that loaders search by themselves, without a cache file of their own: Debian's, then Fedora's and Alpine's. */
const LIBRARY_FOLDERS = ['/lib', '/lib64'];

/**
 * Launches the program in a root of its own. The hypervisor writes node binary, libraries and bundle into the new
 * tmpfs through /proc/PID/root, hashing the very buffers that it writes: from then on no process outside has a path
 * to them, and the program's own mount is read-only.
 */
export async function launchInPrivateRoot(
  options: LaunchOptions,
  namespaces: ReadonlySet<Namespace>,
): Promise<Launched> {
  const { tools, abilities, folders, runtime, image, onConsole } = options;
  const { unshare, setpriv, mount } = tools;
  if (unshare === null || setpriv === null || mount === null) throw new NitroError('spawn_failed');
  const program = [NODE, ...image.nodeFlags, `/${BUNDLE_NAME}`];
  const enter = [tools.env, '-i', unshare];
  const inside = [`--root=${folders.work}`, '--wd=/sockets', '--'];
  // Without a user namespace root stays root, so something inside the new root has to take its capabilities away.
  const ownUser = namespaces.has('user');
  if (!ownUser && !abilities.boundingSet) throw new NitroError('spawn_failed', 'cannot drop capabilities');
  const final = ownUser
    ? [...enter, ...UNPRIVILEGED_USER, ...inside, ...program]
    : [...enter, ...inside, SETPRIV, '--bounding-set=-all', '--inh-caps=-all', '--', ...program];
  const launcher = new Launcher({
    command: [
      setpriv,
      ...['--no-new-privs', '--pdeathsig', 'KILL', '--'],
      unshare,
      ...unshareFlags(namespaces),
      ...['--', tools.sh, '-c', PRIVATE_ROOT_SCRIPT, 'sh'],
      ...final,
    ],
    env: { ROOT: folders.work, SOCKETS: folders.sockets, MOUNT: mount, HOSTNAME_TOOL: tools.hostname ?? '' },
    descriptor: null,
    onConsole,
  });
  try {
    await launcher.word();
    const root = `/proc/${launcher.pid}/root${folders.work}`;
    const [inner, outer] = await Promise.all([stat(root), stat(folders.work)]);
    // Were they the same, the program would be loaded into a folder that others can write to.
    if (inner.dev === outer.dev) throw new NitroError('boot_failed', 'the private root is not mounted');
    const target = new RootTarget(root);
    const hash = await loadRuntime(runtime, image.nodeFlags, target);
    if (!ownUser) await target.launcherTool(setpriv, tools.ldd);
    await target.write(`/${BUNDLE_NAME}`, image.bundle);
    await mkdir(join(root, 'sockets'));
    launcher.go();
    const pid = await launcher.running(NODE, () => [launcher.pid, ...childrenOf(launcher.pid)]);
    return { launcher, pid, digests: hash.withBundle(image.bundle), untouched: () => true };
  } catch (error) {
    await launcher.kill();
    throw error;
  }
}

/** Files of the new root, as seen from outside. */
class RootTarget implements RuntimeTarget {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async node(): Promise<Sink> {
    return fileSink(join(this.#root, NODE), 0o555);
  }

  /** At the path that the loader named, and by its name where loaders look first. */
  async library(path: string): Promise<Sink> {
    for (const folder of LIBRARY_FOLDERS) {
      await mkdir(join(this.#root, folder), { recursive: true, mode: 0o755 });
      const link = join(this.#root, folder, basename(path));
      if (dirname(path) !== folder) await symlink(path, link).catch(ignoreExisting);
    }
    await mkdir(join(this.#root, dirname(path)), { recursive: true, mode: 0o755 });
    return fileSink(join(this.#root, path), 0o555);
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    const sink = await fileSink(join(this.#root, path), 0o444);
    await sink.write(bytes);
    await sink.close();
  }

  /** Part of the launch, not of the image: setpriv, and those of its libraries that node did not bring. */
  async launcherTool(setpriv: string, ldd: string | null): Promise<void> {
    await this.#copy(setpriv, SETPRIV);
    for (const path of ldd === null ? [] : await sharedLibraries(setpriv, ldd)) await this.#copy(path, path);
  }

  async #copy(from: string, to: string): Promise<void> {
    await mkdir(join(this.#root, dirname(to)), { recursive: true, mode: 0o755 });
    await copyFile(from, join(this.#root, to), constants.COPYFILE_EXCL).catch(ignoreExisting);
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
