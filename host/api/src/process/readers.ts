// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { json, type Reader, text, Unwanted } from '@enclave-vault/settings';

/**
 * A value of JSON, or the path of a file that holds it: a Lambda function's environment has room for 4 KB in all.
 * @param parse throws an error with a stable `code` whose message quotes nothing
 */
export function jsonOrFile<T>(wants: string, parse: (value: unknown) => T): Reader<T> {
  const inner = json(wants, parse);
  return {
    wants: `${wants}, or the path of a file that holds it`,
    fromText: (given) => (/^\s*[[{]/.test(given) ? inner.fromText(given) : given),
    read: (value) => inner.read(typeof value === 'string' ? parseFile(value) : value),
  };
}

function parseFile(path: string): unknown {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch {
    throw new Unwanted('names a file that cannot be read');
  }
  try {
    return JSON.parse(content) as unknown;
  } catch {
    // The parser's message quotes the text.
    throw new Unwanted('names a file that is not JSON');
  }
}

/** Where the parent is. */
export type ParentPlace = { readonly unix: string } | { readonly host: string; readonly port: number };

/** `unix:/path` or `https://host:port`. */
export function parentPlace(): Reader<ParentPlace> {
  const wants = 'unix:/path of a socket, or https://host:port';
  const inner = text(wants);
  return {
    wants,
    fromText: inner.fromText,
    read: (value) => {
      const given = inner.read(value);
      if (given.startsWith('unix:/')) return { unix: given.slice('unix:'.length) };
      if (!/^https:\/\/[^/?#@]+\/?$/.test(given) || !URL.canParse(given)) throw new Unwanted();
      const { hostname, port } = new URL(given);
      return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 443 : Number(port) };
    },
  };
}
