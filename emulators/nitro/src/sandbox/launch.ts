// SPDX-License-Identifier: Apache-2.0
import { mkdir, rm } from 'node:fs/promises';
import { NitroError } from '../errors.ts';
import type { EnclaveImage } from '../measure/image.ts';
import type { Runtime } from '../measure/runtime.ts';
import type { ImageDigests } from '../measure/sections.ts';
import { launchInPlace } from './in-place.ts';
import type { Launcher, OnConsole } from './launcher.ts';
import { launchInPrivateRoot } from './private-root.ts';
import type { Abilities, Namespace } from './probe.ts';
import type { Tools } from './tools.ts';

export interface LaunchOptions {
  tools: Tools;
  abilities: Abilities;
  runtime: Runtime;
  image: EnclaveImage;
  /** `sockets` exists and becomes the working directory; `work` is the hypervisor's, made anew for each way it tries. */
  folders: { readonly sockets: string; readonly work: string };
  onConsole: OnConsole;
  /** A way of launching did not work, and the next is tried. */
  onFallback: (failed: LaunchWay, reason: string) => void;
}

export interface Launched {
  launcher: Launcher;
  /** The program's process id on this machine. */
  pid: number;
  /** Of the bytes that were loaded. */
  digests: ImageDigests;
  /** False when a file that the program was loaded from has been touched since. */
  untouched: () => boolean;
}

export type LaunchWay = 'private_root' | 'in_place' | 'in_place_without_namespaces';

/** Launches in the best way that works here, and says through `onFallback` which did not. */
export async function launch(options: LaunchOptions): Promise<Launched> {
  const { abilities, folders, onFallback } = options;
  const spaces = abilities.namespaces;
  const withoutMount = new Set([...spaces].filter((name) => name !== 'mount'));
  const ways: [LaunchWay, () => Promise<Launched>][] = [];
  if (spaces.has('mount')) ways.push(['private_root', async () => launchInPrivateRoot(options, spaces)]);
  if (withoutMount.size > 0) ways.push(['in_place', async () => launchInPlace(options, withoutMount)]);
  const none = new Set<Namespace>();
  ways.push(['in_place_without_namespaces', async () => launchInPlace(options, none)]);
  let last: unknown;
  for (const [way, attempt] of ways) {
    try {
      await rm(folders.work, { recursive: true, force: true });
      await mkdir(folders.work, { mode: 0o700 });
      return await attempt();
    } catch (error) {
      last = error;
      // Another way of launching would not mend the image.
      if (error instanceof NitroError && error.code === 'image_changed') throw error;
      onFallback(way, error instanceof Error ? error.message : 'unknown');
    }
  }
  throw last;
}
