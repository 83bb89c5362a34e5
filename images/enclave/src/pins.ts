// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Platform } from './architecture.ts';
import { ImageError } from './errors.ts';

/** A Debian package, as pinned in pins.json. */
export interface DebianPin {
  readonly name: string;
  readonly version: string;
  /** Relative to the main archive's URL. */
  readonly path: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface Pins {
  /** Name of the Debian release that the packages come from. */
  readonly suite: string;
  readonly packages: Readonly<Record<'amd64' | 'arm64', readonly DebianPin[]>>;
}

/** An npm package, as pinned in the repository's lockfile. */
export interface NpmPin {
  readonly name: string;
  readonly version: string;
  /** SHA-512 of the package's archive in base64. */
  readonly sha512: string;
  /** SPDX expression. */
  readonly licence: string;
}

export const PINS_FILE = join(import.meta.dirname, '../pins.json');
const LOCKFILE = join(import.meta.dirname, '../../../package-lock.json');

export function readPins(): Pins {
  return JSON.parse(readFileSync(PINS_FILE, 'utf8')) as Pins;
}

/** Packages of an architecture, in the order of pins.json. */
export function debianPins(platform: Platform): readonly DebianPin[] {
  return readPins().packages[platform.debian];
}

/**
 * What the lockfile says of a package.
 *
 * @throws ImageError `input_not_pinned`
 */
export function npmPin(name: string): NpmPin {
  const lock = JSON.parse(readFileSync(LOCKFILE, 'utf8')) as {
    readonly packages: Readonly<
      Record<string, { readonly version?: string; readonly integrity?: string; readonly license?: string }>
    >;
  };
  const { version, integrity, license } = lock.packages[`node_modules/${name}`] ?? {};
  const sha512 = /^sha512-([A-Za-z0-9+/]{86}==)$/.exec(integrity ?? '')?.[1];
  if (version === undefined || sha512 === undefined) {
    throw new ImageError('input_not_pinned', `package-lock.json has no version and SHA-512 of ${name}`);
  }
  return { name, version, sha512, licence: license ?? 'NOASSERTION' };
}
