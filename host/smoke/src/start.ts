// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { createClient } from './client.ts';
import type { SmokeReport } from './report.ts';
import { type RunOptions, runSmoke } from './run.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * One smoke test by what the function's environment says. Nothing of the event is looked at: who may invoke the function
 * does not choose what it calls.
 */
export async function smokeTest(
  env: Environment,
  times: Pick<RunOptions, 'healthMs' | 'pauseMs'> = {},
): Promise<SmokeReport> {
  const {
    ENCLAVE_VAULT_SMOKE_URL: url = '',
    ENCLAVE_VAULT_SMOKE_AUTH: auth,
    ENCLAVE_VAULT_SMOKE_FIELD: field = '',
    AWS_REGION: region = '',
    AWS_ACCESS_KEY_ID: accessKeyId = '',
    AWS_SECRET_ACCESS_KEY: secretAccessKey = '',
    AWS_SESSION_TOKEN: sessionToken,
  } = env;
  const good =
    isAddress(url) &&
    (auth === 'iam' || auth === 'jwt') &&
    /^[a-z][a-z0-9_]{0,63}$/.test(field) &&
    [region, accessKeyId, secretAccessKey].every((one) => one !== '');
  if (!good || (auth !== 'iam' && auth !== 'jwt')) return { ok: false, code: 'misconfigured', checks: [] };
  const credentials = {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
  const call = createClient({ url, region, credentials });
  const marker = `smoke-${randomBytes(12).toString('hex')}`;
  return await runSmoke({ call, auth, field, marker, ...times });
}

/** HTTPS, or loopback: credentials sign what is sent, and what is decrypted comes back. */
function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, search, hash, pathname } = new URL(text);
  const safe = protocol === 'https:' || (protocol === 'http:' && hostname === '127.0.0.1');
  return safe && search === '' && hash === '' && !pathname.endsWith('/');
}
