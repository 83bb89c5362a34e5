// SPDX-License-Identifier: Apache-2.0
import type { Random } from '../heavy/kill/random.ts';

/** Numbers at which lengths, counts and signs change their form. */
const EDGES = [0, 1, 0x17, 0x18, 0x1f, 0x20, 0x7f, 0x80, 0x81, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000];
const WIDE = [0x7fffffff, 0x80000000, 0xffffffff];
const MOST_CHANGES = 6;

export interface Material {
  readonly random: Random;
  readonly words: readonly Uint8Array[];
  /** Another input of the corpus, to splice with. */
  readonly other: Uint8Array;
  readonly maxLength: number;
}

type Mutation = (bytes: Buffer, material: Material) => Buffer;

const at = (random: Random, bytes: Uint8Array): number => random.below(bytes.length + 1);
const within = (random: Random, bytes: Uint8Array): number => random.below(Math.max(1, bytes.length));
const joined = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);

/** A run of bytes, mostly a short one. */
function span(random: Random, bytes: Uint8Array): { from: number; to: number } {
  const from = within(random, bytes);
  const longest = random.below(4) === 0 ? bytes.length : 16;
  return { from, to: Math.min(bytes.length, from + 1 + random.below(longest)) };
}

function write(bytes: Buffer, position: number, value: Uint8Array): Buffer {
  return joined(bytes.subarray(0, position), value, bytes.subarray(position + value.length));
}

function number(random: Random): Buffer {
  const size = random.pick([1, 2, 4, 8]);
  const value = random.pick(size > 2 ? [...EDGES, ...WIDE] : EDGES) % 2 ** (8 * Math.min(size, 6));
  const bytes = Buffer.alloc(size);
  if (random.below(2) === 0) bytes.writeUIntBE(value, Math.max(0, size - 6), Math.min(size, 6));
  else bytes.writeUIntLE(value, 0, Math.min(size, 6));
  return bytes;
}

/** They know nothing of any format: what they know of bytes is lengths, signs and repetition. */
const MUTATIONS: readonly Mutation[] = [
  // One bit, one byte, one step up or down.
  (bytes, { random }) => changed(bytes, within(random, bytes), (byte) => byte ^ (1 << random.below(8))),
  (bytes, { random }) => changed(bytes, within(random, bytes), () => random.below(256)),
  (bytes, { random }) =>
    changed(bytes, within(random, bytes), (byte) => byte + random.pick([-1, 1, -8, 8, 32])),
  // Numbers of one to eight bytes, over what is there or between.
  (bytes, { random }) => write(bytes, within(random, bytes), number(random)),
  (bytes, { random }) => insert(bytes, at(random, bytes), number(random)),
  // Words of the format.
  (bytes, { random, words }) =>
    words.length === 0 ? bytes : write(bytes, within(random, bytes), random.pick(words)),
  (bytes, { random, words }) =>
    words.length === 0 ? bytes : insert(bytes, at(random, bytes), random.pick(words)),
  (bytes, { random, words }) => (words.length === 0 ? bytes : replaced(bytes, random, words)),
  // Take away, double, move.
  (bytes, { random }) => {
    const { from, to } = span(random, bytes);
    return joined(bytes.subarray(0, from), bytes.subarray(to));
  },
  (bytes, { random }) => {
    const { from, to } = span(random, bytes);
    return insert(bytes, at(random, bytes), bytes.subarray(from, to));
  },
  (bytes, { random }) => {
    const { from, to } = span(random, bytes);
    return write(bytes, within(random, bytes), Buffer.from(bytes.subarray(from, to)));
  },
  (bytes, { random }) => bytes.subarray(0, at(random, bytes)),
  (bytes, { random }) =>
    insert(bytes, at(random, bytes), Buffer.alloc(1 + random.below(64), random.below(256))),
  // Of two inputs one.
  (bytes, { random, other }) =>
    joined(bytes.subarray(0, at(random, bytes)), other.subarray(at(random, other))),
  (bytes, { random, other }) => {
    const { from, to } = span(random, other);
    return insert(bytes, at(random, bytes), other.subarray(from, to));
  },
];

function changed(bytes: Buffer, position: number, change: (byte: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  if (position < copy.length) copy[position] = change(copy[position] ?? 0) & 0xff;
  return copy;
}

function insert(bytes: Buffer, position: number, value: Uint8Array): Buffer {
  return joined(bytes.subarray(0, position), value, bytes.subarray(position));
}

/** One word that stands in the input gives way to another: lengths around it may then be wrong, or right. */
function replaced(bytes: Buffer, random: Random, words: readonly Uint8Array[]): Buffer {
  const old = random.pick(words);
  const position = bytes.indexOf(old, at(random, bytes));
  if (position < 0) return bytes;
  return joined(bytes.subarray(0, position), random.pick(words), bytes.subarray(position + old.length));
}

/** An input with a few changes, never longer than `maxLength`. */
export function mutated(bytes: Uint8Array, material: Material): Buffer {
  const { random, maxLength } = material;
  let result: Buffer = Buffer.from(bytes);
  const changes = 1 + (random.below(3) === 0 ? random.below(MOST_CHANGES) : 0);
  for (let i = 0; i < changes; i += 1)
    result = random.pick(MUTATIONS)(result, material).subarray(0, maxLength);
  return result;
}
