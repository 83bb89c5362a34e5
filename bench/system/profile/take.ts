// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fetchProfile, type ProfiledImage, profiledImage } from './image.ts';
import { bundleSources, type Profile, readProfile, type Shares, type Window } from './read.ts';

/** Profiles of all processes of a vault, over its whole life; windows are cut out of them afterwards. */
export class Profiles {
  readonly #folder: string;
  readonly #image: ProfiledImage;

  constructor(folder: string) {
    this.#folder = resolve(folder);
    mkdirSync(this.#folder, { recursive: true });
    this.#image = profiledImage(join(this.#folder, 'image'));
  }

  /** Of `enclave-vault dev`. */
  get args(): readonly string[] {
    return ['--profile', this.#folder, '--image', this.#image.directory];
  }

  /** Fetches those of the enclaves, while they are there. */
  async fetch(pids: Readonly<Record<string, number>>): Promise<void> {
    for (const [name, pid] of Object.entries(pids))
      if (name.startsWith('enclave'))
        writeFileSync(join(this.#folder, `${name}.cpuprofile`), await fetchProfile(pid));
  }

  /** After the vault has ended: where each process's main thread spent a window of time. */
  read(windows: Readonly<Record<string, Window>>): Record<string, Record<string, Shares>> {
    const inBundle = bundleSources(this.#image.source, this.#image.shift);
    const locate = (url: string, line: number) => (url.endsWith('enclave.mjs') ? inBundle(line) : url);
    const found: Record<string, Record<string, Shares>> = {};
    for (const file of readdirSync(this.#folder).filter((name) => name.endsWith('.cpuprofile'))) {
      const profile = JSON.parse(readFileSync(join(this.#folder, file), 'utf8')) as Profile;
      for (const [name, window] of Object.entries(windows)) {
        found[name] ??= {};
        found[name][file.replace('.cpuprofile', '')] = readProfile(profile, window, locate);
      }
    }
    return found;
  }
}

/** Now, on the clock that profiles go by. */
export const monotonicMicros = (): number => Number(process.hrtime.bigint() / 1000n);
