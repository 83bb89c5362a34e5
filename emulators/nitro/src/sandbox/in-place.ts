// SPDX-License-Identifier: Apache-2.0
import { constants, statSync } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { BUNDLE_NAME } from '../measure/image.ts';
import { fileSink, handleSink, loadRuntime } from '../measure/runtime.ts';
import type { Launched, LaunchOptions } from './launch.ts';
import { childrenOf, Launcher } from './launcher.ts';
import { type Namespace, UNPRIVILEGED_USER, unshareFlags } from './probe.ts';
import { IN_PLACE_SCRIPT, WATCHED_SCRIPT } from './scripts.ts';

/** Linux; not among Node's constants. A file without a name in any folder. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/**
 * Launches the program on the machine's own file system, for kernels and containers that allow no mounts, in whatever
 * other namespaces there are. The node binary is a copy without a name, run through an inherited descriptor; the bundle
 * needs a name, so it lies in a folder of its own, and `untouched` says whether anyone has been at it since. The shared
 * libraries are measured, but the loader takes the machine's.
 */
export async function launchInPlace(
  options: LaunchOptions,
  namespaces: ReadonlySet<Namespace>,
): Promise<Launched> {
  const { tools, abilities, folders, runtime, image, onConsole } = options;
  const { setpriv, unshare } = tools;
  const bundle = join(folders.work, BUNDLE_NAME);
  const binary = await BinaryCopy.create(folders.work);
  try {
    const hash = await loadRuntime(runtime, image.nodeFlags, {
      node: async () => binary.sink(),
      library: async () => null,
    });
    await binary.seal();
    const sink = await fileSink(bundle, 0o400);
    await sink.write(image.bundle);
    await sink.close();
    const untouched = watchFiles([folders.work, bundle, ...binary.named]);

    const supervised = setpriv !== null && abilities.setpriv;
    const outer = supervised ? [setpriv, '--no-new-privs', '--pdeathsig', 'KILL', '--'] : [];
    const spaces =
      unshare !== null && namespaces.size > 0 ? [unshare, ...unshareFlags(namespaces), '--'] : [];
    let drop: string[] = [];
    if (unshare !== null && namespaces.has('user')) drop = [unshare, ...UNPRIVILEGED_USER, '--'];
    else if (setpriv !== null && abilities.boundingSet) {
      drop = [setpriv, '--bounding-set=-all', '--inh-caps=-all', '--'];
    }
    const shell = [tools.sh, '-c', supervised ? IN_PLACE_SCRIPT : WATCHED_SCRIPT, 'sh'];
    const program = [binary.path, ...image.nodeFlags, bundle];
    const [file, ...args] = [...outer, ...spaces, ...shell, tools.env, '-i', ...drop, ...program];
    const launcher = new Launcher({
      command: [file ?? tools.sh, ...args],
      env: { SOCKETS: folders.sockets },
      descriptor: binary.descriptor,
      onConsole,
    });
    try {
      await launcher.word();
      launcher.go();
      // The script that watches tells the program's process id; the others become the program, or its parent.
      const watched = supervised ? [] : [Number((await launcher.word()).split(' ')[1])];
      const candidates = () => [...watched, launcher.pid, ...childrenOf(launcher.pid)];
      const known = process.platform === 'linux' ? undefined : watched[0];
      const pid = known ?? (await launcher.running(binary.path, candidates));
      return { launcher, pid, digests: hash.withBundle(image.bundle), untouched };
    } catch (error) {
      await launcher.kill();
      throw error;
    }
  } finally {
    await binary.close();
  }
}

/** A private copy of the node binary, on its way to being run. */
class BinaryCopy {
  /** What to execute: the program's descriptor 5, or a file where there is no /proc. */
  readonly path: string;
  /** Files of the copy that have a name. */
  readonly named: readonly string[];
  #file: FileHandle;

  private constructor(file: FileHandle, path: string, named: readonly string[]) {
    this.#file = file;
    this.path = path;
    this.named = named;
  }

  static async create(folder: string): Promise<BinaryCopy> {
    const anonymous = '/proc/self/fd/5';
    if (process.platform !== 'linux') {
      const path = join(folder, 'node');
      return new BinaryCopy(await open(path, 'wx+', 0o700), path, [path]);
    }
    try {
      return new BinaryCopy(await open(folder, O_TMPFILE | constants.O_RDWR, 0o700), anonymous, []);
    } catch {
      // Not every file system can. Nobody else gets at a file of mode 0 before its name is gone.
      const path = join(folder, 'node');
      const file = await open(path, 'wx+', 0);
      await unlink(path);
      return new BinaryCopy(file, anonymous, []);
    }
  }

  get descriptor(): number | null {
    return this.named.length === 0 ? this.#file.fd : null;
  }

  sink() {
    const sink = handleSink(this.#file);
    return { write: sink.write, close: async () => undefined };
  }

  /**
   * No descriptor may be open for writing when it is executed. Execute permission alone, without read, makes the kernel
   * mark the process as not dumpable (exec's `would_dump`): others of this user cannot trace it.
   */
  async seal(): Promise<void> {
    const writable = this.#file;
    if (this.named.length === 0) this.#file = await open(`/proc/self/fd/${writable.fd}`, 'r');
    await this.#file.chmod(this.named.length === 0 ? 0o111 : 0o500);
    if (this.named.length === 0) await writable.close();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Whoever writes, renames or replaces one of these changes a time that nobody can set back (ctime). */
function watchFiles(paths: readonly string[]): () => boolean {
  const state = () =>
    paths
      .map((path) => {
        const { ino, ctimeNs, size } = statSync(path, { bigint: true });
        return `${ino} ${ctimeNs} ${size}`;
      })
      .join();
  const before = state();
  return () => {
    try {
      return state() === before;
    } catch {
      return false;
    }
  };
}
