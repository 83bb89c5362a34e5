// SPDX-License-Identifier: Apache-2.0

/** One parser under fuzzing: where inputs start from, how it may refuse one, and what must hold of what it accepts. */
export interface Target {
  readonly name: string;
  /** Exported functions and methods that it exercises, as exports.ts names them: `trusted/codec/src/cms.ts#parseEnvelopedData`. */
  readonly covers: readonly string[];
  /** No input is ever accepted: that is what the target holds. */
  readonly neverAccepts?: true;
  /** Inputs to start from, accepted ones above all. The same in each run. */
  readonly seeds: () => readonly Uint8Array[];
  /** Byte strings that mutations write into inputs: tags, names, separators of the format. */
  readonly words?: readonly (string | Uint8Array)[];
  /** Longest input in bytes. Default 4096. */
  readonly maxLength?: number;
  /** ms of processor time that one input may take, so that a busy machine finds nothing. Default 250; Infinity where the product ends a computation from outside. */
  readonly maxMs?: number;
  /** Whether this error is one that the parser's docstring declares. */
  readonly refuses: (error: unknown) => boolean;
  /** Parses `input`. @throws Broken when what came out does not hold against the input; whatever the parser throws */
  readonly run: (input: Buffer) => void | Promise<void>;
}

/** An invariant of a target does not hold: always a find. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

/** @throws Broken */
export function holds(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Broken(invariant);
}

/** @throws Broken unless both are the same bytes */
export function sameBytes(found: Uint8Array, expected: Uint8Array, invariant: string): void {
  holds(Buffer.compare(found, expected) === 0, invariant);
}

interface CodedError extends Error {
  readonly code: unknown;
}

/**
 * Refusals of one class, whose code matches. An error's text must be of a few fixed forms: no byte of an input travels in one.
 * @param codes all the codes that the docstring of the parser names
 */
export function refusesWith(
  type: new (...parts: never[]) => CodedError,
  codes: RegExp,
): (error: unknown) => boolean {
  return (error) =>
    error instanceof type &&
    Object.getPrototypeOf(error) === type.prototype &&
    typeof error.code === 'string' &&
    codes.test(error.code) &&
    /^[\x20-\x7e]{1,200}$/.test(error.message);
}

/** For readers that refuse nothing: any error is a find. */
export const refusesNothing = (): boolean => false;
