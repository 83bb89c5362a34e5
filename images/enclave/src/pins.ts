// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Platform } from './architecture.ts';

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

export const PINS_FILE = join(import.meta.dirname, '../pins.json');

export function readPins(): Pins {
  return JSON.parse(readFileSync(PINS_FILE, 'utf8')) as Pins;
}

/** Packages of an architecture, in the order of pins.json. */
export function debianPins(platform: Platform): readonly DebianPin[] {
  return readPins().packages[platform.debian];
}
