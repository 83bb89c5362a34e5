// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';

export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Credentials of one role for one run of the vault: made anew at each start, handed over by stdin, kept nowhere. */
export function mintCredentials(): RoleCredentials {
  const id = [...randomBytes(16)].map((b) => ALPHABET[b % ALPHABET.length]).join('');
  return { accessKeyId: `ASIA${id}`, secretAccessKey: randomBytes(30).toString('base64') };
}
