// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { NitroError } from '../errors.ts';
import { commandLineSection, libraryHeader, RuntimeHash, sectionHeader } from './sections.ts';

const run = promisify(execFile);
const CHUNK = 1024 * 1024;

/** The node binary and the shared libraries it loads, by path. */
export interface Runtime {
  node: string;
  /** Paths as the dynamic loader names them, in bytewise order, the loader itself among them. */
  libraries: readonly string[];
}

/** Where the bytes of a file go while they are measured. */
export interface Sink {
  write(chunk: Uint8Array): Promise<unknown>;
  close(): Promise<unknown>;
}

/** A new file that must not exist yet; each chunk is written whole. */
export async function fileSink(path: string, mode: number): Promise<Sink> {
  return handleSink(await open(path, 'wx', mode));
}

export function handleSink(file: FileHandle): Sink {
  return {
    write: async (chunk) => {
      for (let done = 0; done < chunk.length; ) {
        done += (await file.write(chunk, done, chunk.length - done)).bytesWritten;
      }
    },
    close: async () => file.close(),
  };
}

/** Takes the files of a runtime. A null sink: the file is measured, but stays where it is. */
export interface RuntimeTarget {
  node(): Promise<Sink>;
  library(path: string): Promise<Sink | null>;
}

/**
 * Finds the libraries by asking the dynamic loader (`ldd`, of glibc and musl alike). None for a static binary,
 * or where there is no ldd.
 */
export async function findRuntime(node: string, ldd: string | null): Promise<Runtime> {
  const path = await realpath(node).catch((cause: unknown) => {
    throw new NitroError('config_invalid', 'node: no such file', { cause });
  });
  return { node: path, libraries: ldd === null ? [] : await sharedLibraries(path, ldd) };
}

/** Paths that ldd prints for a binary. */
export async function sharedLibraries(binary: string, ldd: string): Promise<string[]> {
  const { stdout } = await run(ldd, [binary], { env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' } }).catch(() => ({
    stdout: '',
  }));
  const paths = stdout.split('\n').flatMap((line) => {
    // "libm.so.6 => /lib/libm.so.6 (0x…)", or the loader alone: "/lib64/ld-linux-x86-64.so.2 (0x…)".
    const found = /^\s*(?:\S+ => )?(\/\S+) \(0x[0-9a-f]+\)$/.exec(line)?.[1];
    return found === undefined ? [] : [found];
  });
  return [...new Set(paths)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/**
 * Reads the runtime once, hashing what it hands on: nothing can change between measuring and loading, since both see
 * the same buffer. 120 MB take some 0.2 s.
 *
 * @throws NitroError `image_changed` when a file changes size meanwhile
 */
export async function loadRuntime(
  runtime: Runtime,
  flags: readonly string[],
  target: RuntimeTarget,
): Promise<RuntimeHash> {
  const hash = new RuntimeHash();
  await addNode(hash, runtime, await target.node());
  await addFlagsAndLibraries(hash, runtime, flags, async (path) => target.library(path));
  return hash;
}

/** The node section; most of the work of measuring an image. */
export async function addNode(hash: RuntimeHash, { node }: Runtime, sink: Sink | null): Promise<void> {
  await pump(node, hash, (size) => sectionHeader('node', size), sink);
}

/** The sections after it. */
export async function addFlagsAndLibraries(
  hash: RuntimeHash,
  { libraries }: Runtime,
  flags: readonly string[],
  sinkOf: (path: string) => Promise<Sink | null>,
): Promise<void> {
  const commandLine = commandLineSection(flags);
  hash.update(sectionHeader('commandLine', commandLine.length));
  hash.update(commandLine);
  const sizes = await Promise.all(
    libraries.map(async (path) => libraryHeader(path, 0).length + (await stat(path)).size),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  hash.update(sectionHeader('libraries', total));
  for (const path of libraries) {
    await pump(path, hash, (size) => libraryHeader(path, size), await sinkOf(path));
  }
}

/** Two buffers in turn: while one is hashed and written, the other is being filled. Nobody else has either. */
async function pump(
  path: string,
  hash: RuntimeHash,
  header: (size: number) => Buffer,
  sink: Sink | null,
): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    hash.update(header(size));
    let [filling, spare] = [Buffer.allocUnsafe(CHUNK), Buffer.allocUnsafe(CHUNK)];
    let total = 0;
    const read = (buffer: Buffer) => {
      const reading = file.read(buffer, 0, CHUNK, null);
      // Awaited below, unless hashing or writing fails first.
      reading.catch(() => undefined);
      return reading;
    };
    let pending = read(filling);
    for (;;) {
      const { bytesRead } = await pending;
      // Not one byte more than its header says: a file that keeps growing would have no end.
      if (bytesRead === 0 || total > size) break;
      const chunk = filling.subarray(0, bytesRead);
      [filling, spare] = [spare, filling];
      pending = read(filling);
      total += bytesRead;
      // Written by another thread while this one hashes.
      const written = sink?.write(chunk);
      hash.update(chunk);
      await written;
    }
    if (total !== size)
      throw new NitroError('image_changed', 'a file of the runtime changed while it was read');
  } finally {
    await Promise.allSettled([file.close(), sink?.close()]);
  }
}
