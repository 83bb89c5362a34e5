// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '../errors.ts';

/** On every response, errors and static files included (design, "The HTTP API"). */
export const RESPONSE_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-cache, no-store, must-revalidate',
  pragma: 'no-cache',
  expires: '0',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

export const REQUEST_ID_HEADER = 'x-request-id';

/** Headers that decide something here: two of them would let two readers see two requests. */
const SINGLE: ReadonlySet<string> = new Set([
  'authorization',
  'content-length',
  'content-type',
  'host',
  'idempotency-key',
  'if-match',
  'transfer-encoding',
]);

/** @param raw names and values in turn, as Node gives them. @throws {ApiError} `header_repeated` */
export function checkSingleHeaders(raw: readonly string[]): void {
  const seen = new Set<string>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]?.toLowerCase() ?? '';
    if (!SINGLE.has(name)) continue;
    if (seen.has(name)) throw new ApiError('header_repeated');
    seen.add(name);
  }
}
