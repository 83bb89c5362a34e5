// SPDX-License-Identifier: Apache-2.0
import type { ClientOptions } from './client.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface SmokeSettings {
  readonly client: ClientOptions;
  /** How the API's methods tell callers. */
  readonly auth: 'iam' | 'jwt';
  /** A field of text of the record schema. */
  readonly field: string;
}

/** What the function's environment says; undefined when that is not enough to call anything. */
export function readSettings(env: Environment): SmokeSettings | undefined {
  const {
    ENCLAVE_VAULT_SMOKE_URL: url = '',
    ENCLAVE_VAULT_SMOKE_AUTH: auth,
    ENCLAVE_VAULT_SMOKE_FIELD: field = '',
    AWS_REGION: region = '',
    AWS_ACCESS_KEY_ID: accessKeyId = '',
    AWS_SECRET_ACCESS_KEY: secretAccessKey = '',
    AWS_SESSION_TOKEN: sessionToken,
  } = env;
  if (auth !== 'iam' && auth !== 'jwt') return undefined;
  const good =
    isAddress(url) &&
    /^[a-z][a-z0-9_]{0,63}$/.test(field) &&
    [region, accessKeyId, secretAccessKey].every((one) => one !== '');
  if (!good) return undefined;
  const credentials = {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
  return { client: { url, region, credentials }, auth, field };
}

/** HTTPS, or loopback: credentials sign what is sent, and what is decrypted comes back. */
function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, search, hash, pathname } = new URL(text);
  const safe = protocol === 'https:' || (protocol === 'http:' && hostname === '127.0.0.1');
  return safe && search === '' && hash === '' && !pathname.endsWith('/');
}
