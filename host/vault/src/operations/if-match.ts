// SPDX-License-Identifier: Apache-2.0
import { VaultError } from '../errors.ts';

/** The entity tag of a revision (RFC 9110 section 8.8.3): strong. */
export function etagOf(rev: number): string {
  return `"${rev}"`;
}

/**
 * Reads If-Match (RFC 9110 section 13.1.1).
 * @returns the revisions it names; undefined for `*`, which any record meets. A tag that is not one of ours, or
 *   weak, matches nothing and is left out
 * @throws {VaultError} `malformed`
 */
export function parseIfMatch(header: string): readonly number[] | undefined {
  if (header.trim() === '*') return undefined;
  const tags = header.split(',').map((tag) => tag.trim());
  if (tags.length > 100 || !tags.every((tag) => /^(?:W\/)?"[\x21\x23-\x7e]*"$/.test(tag))) {
    throw new VaultError('malformed');
  }
  return tags.filter((tag) => /^"[1-9][0-9]{0,15}"$/.test(tag)).map((tag) => Number(tag.slice(1, -1)));
}

/** @throws {VaultError} `precondition_failed` */
export function demandMatch(rev: number, ifMatch: readonly number[] | undefined): void {
  if (ifMatch !== undefined && !ifMatch.includes(rev)) throw new VaultError('precondition_failed');
}
