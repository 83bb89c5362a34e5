// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findRunning } from '../dev/control.ts';
import { files } from '../dev/folders.ts';
import { AdminError, UsageError } from '../errors.ts';

/** `enclave-vault keys …`: the HTTP API's key routes as a command. A new key is printed once, to stdout alone. */
export async function keys(args: readonly string[]): Promise<number> {
  const { values, positionals } = read(args);
  const [verb, id, ...rest] = positionals;
  const call = await caller(values.data, values.url);
  if (verb === 'create' && id === undefined) {
    if (values.scopes === undefined) throw new UsageError('keys create needs --scopes');
    const made = await call('POST', '/v1/keys', {
      scopes: list(values.scopes),
      ...(values.fields !== undefined && { fields: list(values.fields) }),
      ...(values.purposes !== undefined && { purposes: list(values.purposes) }),
      ...(values['derive-only'] && { derive_only: true }),
      ...(values.expires !== undefined && { expires: values.expires }),
    });
    print(made);
    return 0;
  }
  if (verb === 'list' && id === undefined) {
    print(await call('GET', '/v1/keys'));
    return 0;
  }
  if (verb === 'revoke' && id !== undefined && rest.length === 0) {
    print(await call('DELETE', `/v1/keys/${encodeURIComponent(id)}`));
    return 0;
  }
  throw new UsageError('keys takes create, list or revoke ID');
}

const print = (value: unknown) => process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
const list = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        scopes: { type: 'string' },
        fields: { type: 'string' },
        purposes: { type: 'string' },
        'derive-only': { type: 'boolean' },
        expires: { type: 'string' },
        data: { type: 'string' },
        url: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options cannot be read');
  }
}

async function caller(dataOption: string | undefined, urlOption: string | undefined) {
  const data = resolve(process.env.INIT_CWD ?? '.', dataOption ?? process.env.ENCLAVE_VAULT_DATA ?? '.vault');
  const url = urlOption ?? process.env.ENCLAVE_VAULT_URL ?? (await findRunning(files(data).running))?.url;
  if (url === undefined)
    throw new AdminError('vault_not_running', `no vault runs on ${data}: start it, or say --url`);
  return async (method: string, path: string, body?: unknown): Promise<unknown> => {
    let answer: Response;
    try {
      answer = await fetch(new URL(path, url), {
        method,
        headers: {
          authorization: `Bearer ${key(data)}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(10_000),
        redirect: 'error',
      });
    } catch (error) {
      if (error instanceof AdminError) throw error;
      throw new AdminError('vault_not_running', `${url} does not answer`);
    }
    const text = await answer.text();
    if (!answer.ok) throw new AdminError('request_failed', `${answer.status} ${text.slice(0, 1000)}`);
    return text === '' ? {} : JSON.parse(text);
  };
}

function key(data: string): string {
  const own = process.env.ENCLAVE_VAULT_KEY;
  if (own) return own;
  try {
    return readFileSync(files(data).adminKey, 'utf8').trim();
  } catch {
    throw new AdminError('data_unreadable', `${files(data).adminKey} cannot be read`);
  }
}
