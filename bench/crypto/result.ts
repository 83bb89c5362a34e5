// SPDX-License-Identifier: Apache-2.0
/** bench/results/crypto.json: what bench/crypto.ts writes and bench/page/crypto.ts reads. */
import type { Run } from '../support/run.ts';
import type { Direction, Format } from './names.ts';
import type { Throughput } from './throughput.ts';
import type { Spread } from './turns.ts';

export interface Row {
  readonly suite: string;
  readonly direction: Direction;
  readonly format: Format;
  readonly fields: number;
  /** By name: milliseconds for all fields. */
  readonly candidates: Readonly<Record<string, Spread>>;
}

export interface CryptoResult extends Run {
  /** Names and versions; where one is missing, why. */
  readonly peers: Readonly<Record<string, { readonly version: string } | { readonly missing: string }>>;
  readonly openssl: string;
  readonly turns: number;
  readonly rows: readonly Row[];
  /** Opening 12 fields with P-384 once more, by what runs in Node, while no core may sleep (busy.ts). */
  readonly awake?: readonly Row[];
  /** By name: milliseconds; P-384. */
  readonly steps: Readonly<Record<string, Spread>>;
  readonly throughput: readonly Throughput[];
  /** Records of 12 fields that rustls opens and seals a second on all cores; absent where it is missing. */
  readonly rustRates?: Readonly<Record<string, number>>;
}
