// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { sha256 } from '../util/bytes.ts';

const SECRET_BYTES = 32;
const TOKEN = /^evk_([0-7][0-9A-HJKMNP-TV-Z]{25})_([A-Za-z0-9_-]{43})$/;

/** A new secret of 256 bits, as it stands in a token. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** `evk_<id>_<secret>`: the prefix lets scanners of leaked credentials know it. */
export function formatToken(id: string, secret: string): string {
  return `evk_${id}_${secret}`;
}

/** @returns undefined when the text is not a token of ours */
export function parseToken(token: string): { id: string; secret: string } | undefined {
  const [, id, secret] = TOKEN.exec(token) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

export function hashSecret(secret: string): Buffer {
  return sha256(secret);
}
