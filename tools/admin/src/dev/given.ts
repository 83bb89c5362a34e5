// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { AdminError, type AdminErrorCode } from '../errors.ts';
import type { DevOptions } from './options.ts';

/** Content of the files that the user named, as the API takes it. */
export interface Given {
  readonly schema?: unknown;
  readonly oidc?: unknown;
  readonly rates?: unknown;
  readonly tls?: { readonly cert: string; readonly key: string };
}

/**
 * Reads the user's files, once: what they hold at a restart of the API is what they held at the start.
 * @throws {AdminError} data_unreadable, schema_unreadable
 */
export function readGiven({ schema, oidc, rates, tls }: DevOptions): Given {
  return {
    ...(schema !== undefined && { schema: readJson(schema, 'schema_unreadable') }),
    ...(oidc !== undefined && { oidc: readJson(oidc, 'data_unreadable') }),
    ...(rates !== undefined && { rates: readJson(rates, 'data_unreadable') }),
    ...(tls && { tls: { cert: readText(tls.cert), key: readText(tls.key) } }),
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new AdminError('data_unreadable', `${path} cannot be read`);
  }
}

function readJson(path: string, code: AdminErrorCode): unknown {
  const text = readText(path);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's message quotes the text.
    throw new AdminError(code, `${path} is not JSON`);
  }
}
