// SPDX-License-Identifier: Apache-2.0
import { readFileSync, statSync } from 'node:fs';

/** Thrown by a reader: the value is not what is wanted. The reason, if any, quotes nothing of it. */
export class Unwanted extends Error {
  readonly reason: string | undefined;
  constructor(reason?: string) {
    super(reason ?? 'not what is wanted');
    this.name = 'Unwanted';
    this.reason = reason;
  }
}

/** How one setting is read. */
export interface Reader<out T> {
  /** What is wanted, in words that fit behind "must be". */
  readonly wants: string;
  /** From a member of the file. @throws {Unwanted} */
  readonly read: (value: unknown) => T;
  /** What the text of an environment variable says, as a member of the file would say it. @throws {Unwanted} */
  readonly fromText: (text: string) => unknown;
}

const asIs = (given: string): unknown => given;
const MAX_PEM_BYTES = 256 * 1024;

/** Text, not empty. @param matching what it must match in full; `wants` says so in words */
export function text(wants = 'text that is not empty', matching?: RegExp): Reader<string> {
  return {
    wants,
    fromText: asIs,
    read: (value) => {
      if (typeof value !== 'string' || value === '') throw new Unwanted();
      if (matching !== undefined && matching.exec(value)?.[0] !== value) throw new Unwanted();
      return value;
    },
  };
}

/** A whole number. @param unit of the number, for the documentation: `ms`, `MiB` */
export function integer(min: number, max: number, unit?: string): Reader<number> {
  return {
    wants: `a whole number from ${min} to ${max}${unit === undefined ? '' : ` (${unit})`}`,
    fromText: (given) => (/^-?\d{1,16}$/.test(given) ? Number(given) : given),
    read: (value) => {
      if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max)
        throw new Unwanted();
      return value;
    },
  };
}

/** `true` or `false`. */
export function flag(): Reader<boolean> {
  return {
    wants: 'true or false',
    fromText: (given) => (given === 'true' ? true : given === 'false' ? false : given),
    read: (value) => {
      if (typeof value !== 'boolean') throw new Unwanted();
      return value;
    },
  };
}

/** One of a few words. */
export function oneOf<const W extends string>(...words: readonly W[]): Reader<W> {
  return {
    wants: `one of ${words.join(', ')}`,
    fromText: asIs,
    read: (value) => {
      const word = words.find((one) => one === value);
      if (word === undefined) throw new Unwanted();
      return word;
    },
  };
}

/** A URL without credentials in it. @param protocols accepted, with their colon; `https:` when none is given */
export function url(...protocols: readonly string[]): Reader<string> {
  const accepted = protocols.length === 0 ? ['https:'] : protocols;
  return {
    wants: `a URL that begins with ${accepted.map((protocol) => `${protocol}//`).join(' or ')}`,
    fromText: asIs,
    read: (value) => {
      if (typeof value !== 'string' || !URL.canParse(value)) throw new Unwanted();
      const { protocol, username, password } = new URL(value);
      if (!accepted.includes(protocol) || username !== '' || password !== '') throw new Unwanted();
      return value;
    },
  };
}

/** A list of what another reader reads; in a variable with commas between the members, or JSON. */
export function listOf<T>(item: Reader<T>, min = 0, max = 1000): Reader<readonly T[]> {
  return {
    wants: `a list of ${item.wants.replace(/^an? /, '')}${min > 0 ? ` (${min} or more)` : ''}`,
    fromText: (given) => {
      if (given.trim() === '') return [];
      if (given.trimStart().startsWith('[')) return fromJson(given);
      return given.split(',').map((one) => item.fromText(one.trim()));
    },
    read: (value) => {
      if (!Array.isArray(value) || value.length < min || value.length > max) throw new Unwanted();
      return value.map((one: unknown) => item.read(one));
    },
  };
}

/**
 * A value of JSON that a parser of its own reads. When the parser's error has a stable snake_case `code`, its message
 * names the place and quotes nothing (the rule of this project), and is passed on; otherwise only `wants` is said.
 */
export function json<T>(wants: string, parse: (value: unknown) => T): Reader<T> {
  return { wants, fromText: fromJson, read: (value) => attempt(() => parse(value)) };
}

/** Text that a parser of its own reads. Errors as in `json`. */
export function parsed<T>(wants: string, parse: (given: string) => T): Reader<T> {
  return {
    wants,
    fromText: asIs,
    read: (value) => {
      if (typeof value !== 'string') throw new Unwanted();
      return attempt(() => parse(value));
    },
  };
}

/** PEM text, or the path of a file that holds it. */
export function pemOrFile(): Reader<string> {
  return {
    wants: 'PEM text, or the path of a file that holds it',
    fromText: asIs,
    read: (value) => {
      if (typeof value !== 'string' || value === '') throw new Unwanted();
      const pem = value.trimStart().startsWith('-----BEGIN ') ? value : readSmall(value, MAX_PEM_BYTES);
      if (!/-----BEGIN [A-Z0-9 ]+-----[\s\S]+-----END [A-Z0-9 ]+-----/.test(pem))
        throw new Unwanted('is a file without PEM in it');
      return pem;
    },
  };
}

/** The text of a file that a setting names. @throws {Unwanted} */
export function readSmall(path: string, maxBytes: number): string {
  try {
    // A device or pipe has no size to check beforehand, and would be waited for.
    const { size } = statSync(path);
    if (size > maxBytes) throw new Unwanted(`names a file of more than ${maxBytes} bytes`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Unwanted) throw error;
    throw new Unwanted('names a file that cannot be read');
  }
}

function fromJson(given: string): unknown {
  try {
    return JSON.parse(given) as unknown;
  } catch {
    throw new Unwanted('is not JSON');
  }
}

function attempt<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Unwanted) throw error;
    const ours =
      error instanceof Error &&
      'code' in error &&
      typeof error.code === 'string' &&
      /^[a-z][a-z_]*$/.test(error.code);
    throw new Unwanted(ours ? `is refused: ${error.message}` : undefined);
  }
}
