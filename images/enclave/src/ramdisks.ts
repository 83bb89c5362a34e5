// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { type Entry, tree } from '@enclave-vault/image-parts';
import { cpio } from './cpio.ts';

/** What AWS's init of enclaves reads (aws-nitro-enclaves-sdk-bootstrap, init.c): a command, an environment, a folder to change its root to. */
export interface Application {
  readonly entries: readonly Entry[];
  readonly entrypoint: readonly string[];
}

/**
 * The ramdisk with the application, as `nitro-cli build-enclave` makes it of a container's image: `cmd` with a word a line, `env`, and
 * the file system below `rootfs`. Ours has no container builder in between that could leave a time or an order of its own in it.
 *
 * @param time seconds since the epoch
 */
export function applicationRamdisk({ entries, entrypoint }: Application, time: number): Buffer {
  return cpio(
    tree([
      { path: 'cmd', mode: 0o644, data: Buffer.from(entrypoint.map((word) => `${word}\n`).join('')) },
      // It must be there. Empty: the program reads no environment.
      { path: 'env', mode: 0o644, data: Buffer.alloc(0) },
      ...entries.map((entry) => ({ ...entry, path: `rootfs/${entry.path}` })),
    ]),
    time,
  );
}

/** The ramdisk before it, with what AWS brings: its init and, for kernels that have none, the driver of the NSM. */
export function bootRamdisk(init: Buffer, driver: Buffer | null, time: number): Buffer {
  return cpio(
    tree([
      { path: 'dev', mode: 0o755, data: null },
      { path: 'init', mode: 0o755, data: init },
      ...(driver === null ? [] : [{ path: 'nsm.ko', mode: 0o644, data: driver } as const]),
    ]),
    time,
  );
}

/** What PCR2 is of an image whose only other ramdisk this is, in hex: verifier/eif/SPEC.md, step 4. */
export function pcr2Of(ramdisk: Buffer): string {
  const digest = createHash('sha384').update(ramdisk).digest();
  return createHash('sha384').update(Buffer.alloc(48)).update(digest).digest('hex');
}
