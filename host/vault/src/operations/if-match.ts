// SPDX-License-Identifier: Apache-2.0
import { VaultError } from '../errors.ts';

/** The entity tag of a revision (RFC 9110 section 8.8.3): strong. */
export function etagOf(rev: number): string {
  return `"${rev}"`;
}

/** One entity tag. It may hold commas, so a list of them is not to be split there. */
const TAG = String.raw`(?:W/)?"[\x21\x23-\x7e]*"`;
const LIST = new RegExp(`^${TAG}(?:[ \\t]*,[ \\t]*${TAG})*$`);
/** More than the API's bound on the header leaves room for. */
const MOST_TAGS = 512;

/**
 * Reads If-Match (RFC 9110 section 13.1.1).
 * @returns the revisions it names; undefined for `*`, which any record meets. A tag that is not one of ours, or
 *   weak, matches nothing and is left out
 * @throws {VaultError} `malformed`
 */
export function parseIfMatch(header: string): readonly number[] | undefined {
  const text = header.trim();
  if (text === '*') return undefined;
  const tags = LIST.test(text) ? (text.match(new RegExp(TAG, 'g')) ?? []) : [];
  if (tags.length === 0 || tags.length > MOST_TAGS) throw new VaultError('malformed');
  return tags.filter((tag) => /^"[1-9][0-9]{0,15}"$/.test(tag)).map((tag) => Number(tag.slice(1, -1)));
}

/** @throws {VaultError} `precondition_failed` */
export function demandMatch(rev: number, ifMatch: readonly number[] | undefined): void {
  if (ifMatch !== undefined && !ifMatch.includes(rev)) throw new VaultError('precondition_failed');
}
