// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { findRunning } from '../dev/control.ts';
import { files } from '../dev/folders.ts';
import { AdminError, UsageError } from '../errors.ts';
import type { Access } from './http.ts';

/** For parseArgs of a command that is a caller of the API. */
export const ACCESS_OPTIONS = {
  data: { type: 'string' },
  url: { type: 'string' },
  'key-file': { type: 'string' },
  ca: { type: 'string' },
  sign: { type: 'boolean' },
} as const;

export interface AccessValues {
  readonly data?: string | undefined;
  readonly url?: string | undefined;
  readonly 'key-file'?: string | undefined;
  readonly ca?: string | undefined;
  readonly sign?: boolean | undefined;
}

export const ACCESS_USAGE = `  --data DIR      data folder of the running vault (.vault)      ENCLAVE_VAULT_DATA
  --url URL       where the vault answers, if not as DIR says: https, or http on this machine    ENCLAVE_VAULT_URL
  --key-file FILE the caller's API key or token; without it ENCLAVE_VAULT_KEY, or else DIR/admin.key
  --sign          sign requests with AWS credentials, as a deployment's gateway asks for, in place of a key; sends as --batch does
  --ca FILE       certificates that the vault's is signed by`;

/**
 * Where and as whom the vault is called. The key is never a word of the command: others see those.
 * @throws {UsageError} @throws {AdminError} `vault_not_running`, `key_unreadable`, `file_unreadable`, `credentials_unusable`
 */
export async function openAccess(values: AccessValues, env: NodeJS.ProcessEnv): Promise<Access> {
  const base = env.INIT_CWD ?? '.';
  const data = resolve(base, values.data ?? env.ENCLAVE_VAULT_DATA ?? '.vault');
  const url = values.url ?? env.ENCLAVE_VAULT_URL ?? (await findRunning(files(data).running))?.url;
  if (url === undefined)
    throw new AdminError('vault_not_running', `no vault runs on ${data}: start it, or say --url`);
  if (!isSafe(url)) throw new UsageError('--url takes an https URL; http on this machine only');
  if (values.sign === true && values['key-file'] !== undefined)
    throw new UsageError('--sign and --key-file exclude each other');
  const at = new URL(url);
  return {
    url: at,
    // The SDK takes its time to load, and most callers have no use for it.
    as:
      values.sign === true
        ? await (await import('./signing.ts')).openSigner(at, env)
        : readKey(values['key-file'], base, data, env),
    ca: values.ca === undefined ? undefined : readText(resolve(base, values.ca), 'file_unreadable'),
  };
}

/**
 * Who the vault takes the caller for: what makes a repeat safe is kept for each caller. Of an API key, its id, which is of one vault
 * alone; of a token, issuer and subject at this URL, as a digest; of who signs, the role's ARN, the same way. Nothing of it is secret.
 */
export function callerOf({ as, url }: Access): string {
  const digest = (who: string): string => createHash('sha256').update(`${who} ${url.origin}`).digest('hex');
  if (typeof as !== 'string') return `iam:${digest(as.caller)}`;
  const id = /^evk_([0-9A-Z]{26})_/.exec(as)?.[1];
  return id !== undefined ? `key:${id}` : `jwt:${digest(subjectOf(as))}`;
}

/** Of a token that is not verified here: who it says that it is. */
function subjectOf(token: string): string {
  try {
    const claims = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'),
    ) as unknown;
    const { iss, sub } = claims as { iss?: unknown; sub?: unknown };
    return JSON.stringify([iss, sub]);
  } catch {
    return '';
  }
}

function readKey(file: string | undefined, base: string, data: string, env: NodeJS.ProcessEnv): string {
  const own = file === undefined ? env.ENCLAVE_VAULT_KEY : undefined;
  const key =
    own ?? readText(file === undefined ? files(data).adminKey : resolve(base, file), 'key_unreadable');
  // It becomes a header: a line end in it would begin another.
  if (/^[\x21-\x7e]{1,8192}$/.test(key.trim())) return key.trim();
  throw new AdminError('key_unreadable', 'the key is no API key and no token');
}

function readText(path: string, code: 'key_unreadable' | 'file_unreadable'): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new AdminError(code, `${path} cannot be read`);
  }
}

/** Values cross the network: in the open on this machine only. */
function isSafe(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return (
    protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))
  );
}
