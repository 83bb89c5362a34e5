// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { json, type Reader, Unwanted } from '@enclave-vault/settings';

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
