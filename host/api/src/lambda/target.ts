// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '../errors.ts';

/** What may stand in a path as it is (RFC 3986 section 3.3), a percent-encoded octet among it. */
const PATH_CHARACTERS = /%[0-9a-f]{2}|[A-Za-z0-9\-._~!$&'()*+,;=:@/]/iy;

/**
 * The request target of an event: its path without the mapping's prefix, and its query, which API Gateway hands over
 * decoded.
 *
 * Paths come encoded or decoded, with the kind of endpoint: what is a percent-encoded octet stays one, and what may not
 * stand in a path is encoded. So neither `?` nor `#` of a decoded path becomes the start of something else.
 * @throws {ApiError} `url_invalid`
 */
export function pathAndQuery(
  path: string,
  basePath: string,
  query: Readonly<Record<string, readonly string[]>>,
): string {
  const pairs = Object.entries(query).flatMap(([name, values]) => {
    return values.map((value) => `${encode(name)}=${encode(value)}`);
  });
  const target = encodePath(withoutPrefix(path, basePath));
  // A URL would be shortened by these, and by another rule than the gateway's resource policy was.
  if (!target.startsWith('/') || target.split('/').some((part) => /^(?:\.|%2e){1,2}$/i.test(part))) {
    throw new ApiError('url_invalid');
  }
  return pairs.length === 0 ? target : `${target}?${pairs.join('&')}`;
}

function withoutPrefix(path: string, prefix: string): string {
  if (prefix === '' || !path.startsWith(prefix)) return path;
  const rest = path.slice(prefix.length);
  return rest === '' || rest.startsWith('/') ? rest || '/' : path;
}

function encodePath(path: string): string {
  let encoded = '';
  for (let at = 0; at < path.length; ) {
    PATH_CHARACTERS.lastIndex = at;
    const plain = PATH_CHARACTERS.exec(path)?.[0];
    const character = plain ?? String.fromCodePoint(path.codePointAt(at) ?? 0);
    encoded += plain ?? encode(character);
    at += character.length;
  }
  return encoded;
}

function encode(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    // Half a character is no text.
    throw new ApiError('url_invalid');
  }
}
