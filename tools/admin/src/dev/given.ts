// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { DEFAULT_RATE } from '@enclave-vault/protocol';
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
export function readGiven(options: DevOptions): Given {
  const { schema, oidc, rates, tls } = options;
  return {
    ...(schema !== undefined && { schema: readJson(schema, 'schema_unreadable') }),
    ...(oidc !== undefined && { oidc: readJson(oidc, 'data_unreadable') }),
    rates: withShare(rates === undefined ? {} : readJson(rates, 'data_unreadable'), options),
    ...(tls && { tls: { cert: readText(tls.cert), key: readText(tls.key) } }),
  };
}

/** A caller's share of an hour, unless it is given: half of what these enclaves open. What is no object the API refuses. */
function withShare(rates: unknown, { enclaves, enclaveRate = DEFAULT_RATE }: DevOptions): unknown {
  if (typeof rates !== 'object' || rates === null || Array.isArray(rates)) return rates;
  const half = Math.floor((enclaves * enclaveRate.perHour) / 2);
  return { decryptsPerHour: Math.max(2, half), ...rates };
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
