// SPDX-License-Identifier: Apache-2.0
import { getHeapStatistics } from 'node:v8';
import { Broken, type Target } from './target.ts';

const DEFAULT_MAX_MS = 250;
/** Bytes that one input may leave allocated or make garbage of; limits of the parsers keep far below. */
export const MAX_GROWTH = 64 * 1024 * 1024;
const SLOW_AGAIN = 3;

export type FindKind =
  | 'undeclared_error'
  | 'broken'
  | 'input_changed'
  | 'prototype_changed'
  | 'slow'
  | 'memory';
export type Verdict =
  | { readonly kind: 'accepted' | 'refused' }
  | { readonly kind: FindKind; readonly detail: string };

export const isFind = (verdict: Verdict): verdict is Extract<Verdict, { detail: string }> =>
  'detail' in verdict;

/** Prototypes that an input could reach by a name like `__proto__` or `constructor`. */
const PROTOTYPES = [Object, Array, Map, Set, String, Number, Function, Uint8Array, Buffer, Error].map(
  ({ prototype }) => prototype as object,
);
const fingerprint = (): number =>
  PROTOTYPES.reduce((sum, prototype) => sum + Reflect.ownKeys(prototype).length, 0);
const UNTOUCHED = fingerprint();

/**
 * Runs a target on one input and judges what it did: an error that is not declared, an invariant that does not hold, a changed input or
 * prototype and too much time are finds. With `weighing`, also too much memory (it costs more than most parses do).
 */
export async function judge(target: Target, bytes: Uint8Array, weighing = false): Promise<Verdict> {
  const { maxMs = DEFAULT_MAX_MS } = target;
  const first = await once(target, bytes, weighing);
  if (isFind(first.verdict) || first.ms <= maxMs) return first.verdict;
  // A collection may have fallen into it: slow is what is slow each time.
  for (let again = 0; again < SLOW_AGAIN; again += 1) {
    if ((await once(target, bytes, false)).ms <= maxMs) return first.verdict;
  }
  return { kind: 'slow', detail: `over ${maxMs} ms, ${1 + SLOW_AGAIN} times` };
}

async function once(
  target: Target,
  bytes: Uint8Array,
  weighing: boolean,
): Promise<{ readonly verdict: Verdict; readonly ms: number }> {
  // In the middle of a larger buffer, as a message in a read buffer is: who reads past an end reads something.
  const whole = Buffer.alloc(bytes.length + 16, 0xa5);
  whole.set(bytes, 8);
  const input = whole.subarray(8, 8 + bytes.length);
  const before = weighing ? allocated() : 0;
  const started = process.threadCpuUsage();
  let verdict: Verdict = { kind: 'accepted' };
  try {
    const running = target.run(input);
    if (running !== undefined) await running;
  } catch (error) {
    verdict = judged(target, error);
  }
  const { user, system } = process.threadCpuUsage(started);
  const ms = (user + system) / 1000;
  const growth = weighing ? allocated() - before : 0;
  if (isFind(verdict)) return { verdict, ms };
  if (fingerprint() !== UNTOUCHED)
    verdict = { kind: 'prototype_changed', detail: 'a prototype has other members' };
  else if (Buffer.compare(input, bytes) !== 0)
    verdict = { kind: 'input_changed', detail: 'the input was written to' };
  else if (growth > MAX_GROWTH) verdict = { kind: 'memory', detail: `${growth} bytes for ${bytes.length}` };
  return { verdict, ms };
}

function judged(target: Target, error: unknown): Verdict {
  if (error instanceof Broken) return { kind: 'broken', detail: error.message };
  if (target.refuses(error)) return { kind: 'refused' };
  const name = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const at = error instanceof Error ? (error.stack?.split('\n')[1]?.trim() ?? '') : '';
  return { kind: 'undeclared_error', detail: `${name.slice(0, 200)} ${at}` };
}

function allocated(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}
