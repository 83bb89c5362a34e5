// SPDX-License-Identifier: Apache-2.0

/** A method of the REST API. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With `{id}` where an id stands. */
  readonly path: string;
  /** Its body is a JSON object. DELETE may come without one. */
  readonly object?: true;
  /** Query parameters and headers that the call knows; none of them must be there. */
  readonly query?: readonly string[];
  readonly headers?: readonly string[];
  /** Records of one call at most, where that is more than one. */
  readonly records?: number;
}

const IF_MATCH = 'If-Match';
const IDEMPOTENCY_KEY = 'Idempotency-Key';

/**
 * Every route that callers have, one by one: what is not listed does not reach the function. Held against the OpenAPI
 * document by a test. Left out: /metrics, whose figures are those of one execution environment, and Swagger UI.
 */
export const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/health' },
  { method: 'GET', path: '/v1/openapi.json' },
  { method: 'POST', path: '/v1/vaults', object: true, headers: [IDEMPOTENCY_KEY] },
  { method: 'POST', path: '/v1/vaults:batch', object: true, headers: [IDEMPOTENCY_KEY], records: 100 },
  { method: 'POST', path: '/v1/vaults:decrypt', object: true, records: 100 },
  { method: 'GET', path: '/v1/vaults/{id}', query: ['fields'] },
  { method: 'PATCH', path: '/v1/vaults/{id}', object: true, headers: [IF_MATCH, IDEMPOTENCY_KEY] },
  { method: 'DELETE', path: '/v1/vaults/{id}', query: ['fields', 'delete_all'], headers: [IF_MATCH] },
  { method: 'POST', path: '/v1/vaults/{id}/decrypt', object: true },
  { method: 'GET', path: '/v1/vaults/{id}/audit', query: ['limit', 'cursor'] },
  { method: 'POST', path: '/v1/keys', object: true },
  { method: 'GET', path: '/v1/keys', query: ['limit', 'cursor'] },
  { method: 'DELETE', path: '/v1/keys/{id}' },
  { method: 'GET', path: '/v1/attestation', query: ['nonce'] },
];

/** The routes whose limits are their own. */
export const DECRYPTING: readonly Route[] = [
  find('POST', '/v1/vaults/{id}/decrypt'),
  find('POST', '/v1/vaults:decrypt'),
];

/** Route of the vault's state: signed requests, also where all others ask for a token. */
export const HEALTH: Route = find('GET', '/health');

/** Name of the one stage, and what its address ends in. */
export const STAGE = 'v';

/** A part of a logical id: letters and digits. */
export function idOf({ method, path }: Route): string {
  return `${method[0]}${method.slice(1).toLowerCase()}${pathId(path)}`;
}

export function pathId(path: string): string {
  return path
    .split(/[^A-Za-z0-9]+/)
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join('');
}

function find(method: string, path: string): Route {
  const found = ROUTES.find((route) => route.method === method && route.path === path);
  if (found === undefined) throw new TypeError(`${method} ${path} is no route`);
  return found;
}
