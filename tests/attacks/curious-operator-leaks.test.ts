// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  findLeaks,
  type Secret,
  secretBytes,
  secretHash,
  secretPrefix,
  secretText,
} from '../support/leak-search.ts';
import { type Answer, LocalVault, run } from '../support/local-vault.ts';
import { badBodies, expressions, type MarkedCall, notRequests, sendRaw } from '../support/marked-calls.ts';
import { family, readProc, scanMemory } from '../support/proc.ts';
import { keysOf } from '../support/vault-keys.ts';

/**
 * Actor: curious operator
 *
 * He reads what the vault's processes leave behind: logs, files, environments, command lines, figures, error texts. Every place that a
 * caller can fill is filled with marked values, every route is driven, errors included; then all of it is searched, in every form a
 * program might have written them in, for a mark, a token or a key. The reason of a decryption is documented to be audited, so no mark
 * is in one that is accepted; the names of members are no values.
 */
const PREFIX = `zq${randomBytes(8).toString('hex')}`;
const mark = (label: string): string => `${PREFIX}-${label}`;
const digits = (length: number): string =>
  Array.from({ length }, (_, at) => randomInt(at === 0 ? 1 : 0, 10)).join('');
const FIELDS = {
  email: `${mark('email')}@example.org`,
  first_name: `${mark('first')} "Zoë" \\ 名`,
  middle_name: mark('middle'),
  last_name: mark('last'),
  phone_number: `+49${digits(11)}`,
  ssn9: digits(9),
  dob: `18${digits(2)}-0${randomInt(1, 10)}-${randomInt(10, 29)}`,
  address1: mark('address1'),
  address2: mark('address2'),
  address3: mark('address3'),
  city: mark('city'),
  state: mark('state'),
  postal_code: mark('postal'),
};

let vault: LocalVault;
let narrowed = '';
let revoked = '';
const secrets: Secret[] = [];
const keys: Secret[] = [];
/** What every answer said, but for those that are to reveal. */
const said: string[] = [];
let decrypted: Answer;

beforeAll(async () => {
  vault = await LocalVault.start({ args: ['--canary-interval', '60'] });
  narrowed = await newKey({ scopes: ['vaults:decrypt', 'vaults:create'], fields: ['first_name', 'ssn9'] });
  revoked = await newKey({ scopes: ['vaults:read'] });
  secrets.push(
    secretPrefix('a marked value', PREFIX),
    ...Object.entries(FIELDS).map(([name, value]) => secretHash(`${name}`, value)),
    ...(['phone_number', 'ssn9', 'dob'] as const).map((name) => secretText(name, FIELDS[name])),
    ...Object.entries({ admin: vault.adminKey, narrowed, revoked }).flatMap(([name, token]) => {
      const secret = token.slice(-43);
      const label = `the token of the ${name} key`;
      return [secretText(label, secret), secretBytes(label, Buffer.from(secret, 'base64url'))].map(
        // A token is 256 random bits, and its hash is what is kept.
        (one) => ({ ...one, forms: one.forms.filter(([form]) => !form.startsWith('SHA-256')) }),
      );
    }),
  );
  await driveAll();
  keys.push(...(await keysOf(vault, id)));
  await sleep(200);
});
afterAll(() => vault.stop());

async function newKey(rights: object): Promise<string> {
  return String((await vault.call('POST', '/v1/keys', rights)).json.token);
}

let id = '';
async function drive({ call: [method, path, body], status, key, headers }: MarkedCall): Promise<Answer> {
  const answer = await vault.call(method, path, body, {
    ...(key !== undefined && { key }),
    ...(headers && { headers }),
  });
  expect([method, path, answer.status]).toEqual([method, path, status]);
  said.push(
    `${method} ${path.replaceAll(PREFIX, '…')}\n${JSON.stringify([...answer.headers])}\n${answer.text}`,
  );
  return answer;
}

async function driveAll(): Promise<void> {
  const headers = {
    'idempotency-key': mark('idempotency'),
    'user-agent': mark('agent'),
    cookie: mark('cookie'),
  };
  const create = ['POST', '/v1/vaults', FIELDS] as const;
  id = String((await drive({ call: create, status: 201, headers })).json.id);
  const own = `/v1/vaults/${id}`;
  const decrypt = `${own}/decrypt`;
  const path = encodeURIComponent(mark('path'));
  await drive({ call: create, status: 201, headers });
  await drive({ call: ['POST', '/v1/vaults', { city: mark('other') }], status: 422, headers });
  for (const [body, status] of badBodies(mark)) {
    await drive({ call: ['POST', '/v1/vaults', body], status });
    await drive({ call: ['PATCH', own, body], status });
    await drive({ call: ['POST', decrypt, body], status });
    await drive({ call: ['POST', '/v1/keys', body], status });
    await drive({ call: ['DELETE', own, body], status });
  }
  const ask = { fields: Object.keys(FIELDS), reason: 'leaks', expressions: expressions(mark) };
  // On a busy machine an expression may use up its time while it waits: what it would have said is wanted here.
  const late = ({ name, code }: { name: string; code: string }) =>
    name !== 'bomb' && code === 'expression_budget_exceeded';
  for (let tries = 0, errors: { name: string; code: string }[] = []; tries < 20; tries += 1) {
    decrypted = await vault.call('POST', decrypt, ask);
    ({ errors = [] } = decrypted.json as unknown as { errors?: typeof errors });
    said.push(JSON.stringify(errors));
    if (decrypted.status === 200 && !errors.some(late)) break;
  }
  for (const revealing of [
    { key: narrowed, body: { fields: ['first_name'], reason: 'leaks', expressions: { n: 'size(ssn9)' } } },
    { body: { fields: ['city'], reason: 'leaks' } },
  ]) {
    const { key = vault.adminKey, body } = revealing;
    expect((await vault.call('POST', decrypt, body, { key, headers })).status).toBe(200);
  }
  const reason = 'leaks';
  const calls: MarkedCall[] = [
    { call: ['GET', own], status: 200 },
    { call: ['GET', `${own}?fields=${path}`], status: 422 },
    { call: ['GET', `${own}?${path}=1`], status: 422 },
    { call: ['GET', `/v1/vaults/${path}`], status: 404 },
    { call: ['POST', `/v1/vaults/${path}/decrypt`, { fields: ['city'], reason }], status: 404 },
    { call: ['GET', `/${path}`], status: 404 },
    { call: ['PUT', `${own}?${path}`, { city: mark('put') }], status: 405 },
    {
      call: ['PATCH', own, { city: mark('city-2') }],
      status: 200,
      headers: { 'idempotency-key': mark('again') },
    },
    { call: ['PATCH', own, { city: mark('city-3') }], status: 400, headers: { 'if-match': mark('etag') } },
    { call: ['PATCH', own, { city: mark('city-4') }], status: 412, headers: { 'if-match': '"1"' } },
    {
      call: ['PATCH', own, `city=${mark('form')}`],
      status: 415,
      headers: { 'content-type': `text/${PREFIX}` },
    },
    { call: ['DELETE', `${own}?fields=${path}`], status: 422 },
    { call: ['DELETE', own, { fields: [mark('field')] }], status: 422 },
    { call: ['POST', decrypt, { fields: [mark('field')], reason }], status: 422 },
    { call: ['POST', decrypt, { fields: ['city'], reason: mark('reason').repeat(20) }], status: 422 },
    { call: ['POST', decrypt, { fields: ['city'], reason, purpose: mark('purpose') }], status: 422 },
    {
      call: ['POST', decrypt, { fields: [], reason, expressions: { x: { registered: mark('registered') } } }],
      status: 422,
    },
    { call: ['POST', decrypt, { fields: [], reason, expressions: { [mark('name')]: 'city' } }], status: 422 },
    {
      call: ['POST', decrypt, { fields: [], reason, expressions: { x: mark('long').repeat(600) } }],
      status: 422,
    },
    { call: ['POST', decrypt, { fields: ['last_name'], reason }], status: 403, key: narrowed },
    {
      call: ['POST', decrypt, { fields: [], reason, expressions: { x: `last_name == "${mark('x')}"` } }],
      status: 403,
      key: narrowed,
    },
    { call: ['POST', '/v1/vaults', { last_name: mark('not-allowed') }], status: 403, key: narrowed },
    ...denied(own, path),
    { call: ['GET', `${own}/audit`], status: 200 },
    { call: ['GET', `${own}/audit?cursor=${path}`], status: 422 },
    { call: ['GET', '/v1/keys'], status: 200 },
    { call: ['GET', `/v1/keys?cursor=${path}`], status: 422 },
    { call: ['POST', '/v1/keys', { scopes: [mark('scope')], fields: [mark('field')] }], status: 422 },
    { call: ['DELETE', `/v1/keys/${path}`], status: 404 },
    { call: ['DELETE', `/v1/keys/${revoked.slice(4, 30)}`], status: 200 },
    { call: ['GET', own], status: 401, key: revoked },
    { call: ['GET', own], status: 401, key: mark('token') },
    {
      call: ['GET', own],
      status: 401,
      key: `${vault.adminKey.slice(0, -1)}${vault.adminKey.endsWith('A') ? 'B' : 'A'}`,
    },
    { call: ['GET', own], status: 401, key: jwt({ iss: mark('issuer'), sub: FIELDS.ssn9 }) },
    {
      call: ['GET', own],
      status: 401,
      key: null,
      headers: { authorization: `Basic ${btoa(`${mark('user')}:${vault.adminKey}`)}` },
    },
    { call: ['GET', `/v1/attestation?nonce=${path}.`], status: 422 },
    { call: ['GET', `/v1/swagger?${path}`], status: 200 },
    { call: ['GET', '/v1/openapi.json'], status: 200 },
  ];
  for (const call of calls) await drive(call);
  for (const text of notRequests(mark)) said.push(await sendRaw(vault.url, text));
  const second = String((await vault.call('POST', '/v1/vaults', FIELDS)).json.id);
  await drive({ call: ['DELETE', `/v1/vaults/${second}`, { delete_all: true }], status: 200 });
  await drive({ call: ['DELETE', `${own}?fields=address1,ssn9`], status: 200 });
  await drive({ call: ['GET', '/health'], status: 200, key: null });
  await drive({ call: ['GET', '/metrics'], status: 200, key: null });
}

/** What a key without the scope, or narrowed, is refused: each of it is audited. */
function denied(own: string, path: string): MarkedCall[] {
  const asking = { fields: ['city'], reason: 'leaks', expressions: { x: `city == "${mark('denied')}"` } };
  const refused: [string, string, unknown?][] = [
    ['GET', `/v1/vaults/${path}`],
    ['PATCH', `/v1/vaults/${path}`, { city: mark('denied') }],
    ['PATCH', own, { [mark('denied')]: mark('denied') }],
    ['DELETE', `/v1/vaults/${path}?fields=city`],
    ['GET', `/v1/vaults/${path}/audit`],
    ['DELETE', `/v1/keys/${path}`],
  ];
  return [
    ...refused.map((call): MarkedCall => ({ call, status: 403, key: narrowed })),
    { call: ['POST', `/v1/vaults/${path}/decrypt`, asking], status: 403, key: narrowed },
    { call: ['POST', `${own}/decrypt`, asking], status: 403, key: narrowed },
    { call: ['POST', '/v1/vaults', { [mark('denied')]: mark('denied') }], status: 422, key: narrowed },
  ];
}

function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'ES256', kid: mark('kid') })}.${part(claims)}.${randomBytes(64).toString('base64url')}`;
}

describe('the search', () => {
  it('finds what it looks for, in every form', () => {
    const text = secretText('x', FIELDS.first_name);
    expect(text.forms.length).toBeGreaterThan(15);
    const planted = {
      text: FIELDS.first_name,
      JSON: JSON.stringify({ line: FIELDS.first_name }),
      URL: `/?q=${encodeURIComponent(FIELDS.first_name)}`,
      'UTF-16LE': Buffer.from(`x${FIELDS.first_name}`, 'utf16le'),
      hex: Buffer.from(`.${FIELDS.first_name}.`).toString('hex'),
      'base64 at 1': Buffer.from(`a${FIELDS.first_name} and more`).toString('base64'),
      'base64 at 2': Buffer.from(`ab${FIELDS.first_name} and more`).toString('base64'),
      'SHA-256 hex': createHash('sha256').update(FIELDS.first_name).digest('hex'),
    };
    for (const [form, bytes] of Object.entries(planted))
      expect(findLeaks('here', Buffer.from(bytes), [text]).join('\n')).toContain(`x as ${form} in here`);
    // What a logger makes of bytes that it is given by mistake.
    const key = randomBytes(32);
    const bytes = secretBytes('y', key);
    for (const written of [
      JSON.stringify(key),
      JSON.stringify([...key]),
      key.toString('base64'),
      `<Buffer ${key.toString('hex').replace(/(..)/g, '$1 ')}`,
    ])
      expect(findLeaks('here', Buffer.from(written), [bytes])).not.toEqual([]);
    expect(findLeaks('here', Buffer.from('nothing of the kind'), [...secrets, ...keys])).toEqual([]);
  });

  it('had its values go through: they were stored, and came back to who may read them', () => {
    expect(decrypted.json.data).toMatchObject(FIELDS);
    const { errors } = decrypted.json as unknown as { errors: { name: string; code: string }[] };
    expect(Object.fromEntries(errors.map(({ name, code }) => [name, code]))).toEqual({
      not_a_number: 'expression_failed',
      not_a_date: 'expression_failed',
      not_a_time: 'expression_failed',
      not_hex: 'expression_failed',
      no_such_key: 'expression_failed',
      by_index: 'expression_failed',
      divided: 'expression_failed',
      pattern: 'expression_failed',
      unfinished: 'expression_invalid',
      nonsense: 'expression_invalid',
      no_overload: 'expression_failed',
      bomb: 'expression_budget_exceeded',
    });
  });
});

const nothingIn = (place: string, bytes: Buffer, what: readonly Secret[] = [...secrets, ...keys]) =>
  expect(findLeaks(place, bytes, what)).toEqual([]);

describe('no value, token or key', () => {
  it('in what the processes printed', () => {
    expect(vault.output.length).toBeGreaterThan(20_000);
    for (const name of ['dev', 'enclave-vault-api', 'enclave-vault-parent', 'enclave-vault-hypervisor'])
      expect(vault.output).toContain(`"process":"${name}"`);
    // The enclave's lines come by way of the hypervisor.
    expect(vault.output).toContain('\\"process\\":\\"enclave\\"');
    nothingIn('the output', Buffer.from(vault.output));
  });

  it('in an answer, but what was asked for and may be revealed', () => {
    expect(said.length).toBeGreaterThan(140);
    for (const answer of said) nothingIn('an answer', Buffer.from(answer));
  });

  it('in a file, the store’s own included', () => {
    const seen = searchFiles();
    expect(seen).toEqual(
      expect.arrayContaining([
        'vault.db',
        'vault.db-wal',
        'vault.db-shm',
        'kms-events.log',
        'audit-heads.log',
      ]),
    );
  });

  it('in an environment, a command line or a title', async () => {
    const pids = family(vault.process.pid ?? 0);
    // Supervisor, KMS, hypervisor, parent, API, and what the enclave is made of.
    expect(pids.length).toBeGreaterThanOrEqual(6);
    const environments = pids.map((pid) => {
      for (const name of ['cmdline', 'comm', 'environ'] as const)
        nothingIn(`${name} of ${pid}`, readProc(pid, name) ?? Buffer.alloc(0));
      return readProc(pid, 'environ');
    });
    expect(environments.filter((one) => one !== undefined).length).toBeGreaterThanOrEqual(5);
    const enclave = Number(vault.logged('enclave_started').at(-1)?.ProcessID);
    expect(pids).toContain(enclave);
    expect(readProc(enclave, 'environ')?.length ?? 0).toBe(0);
    expect(readProc(enclave, 'limits')?.toString('latin1')).toMatch(/^Max core file size +0 +0 /m);
  });

  it('in the memory of those through whom it only passes', async (context) => {
    const { parent, hypervisor } = (await vault.control('/pids')) as Record<string, number>;
    const accessKey = instanceAccessKey();
    let found = false;
    for (const [name, pid] of Object.entries({ parent, hypervisor })) {
      const readable = scanMemory(pid ?? 0, (bytes) => {
        found ||= bytes.includes(accessKey);
        nothingIn(`the memory of ${name}`, bytes, inMemory());
      });
      if (!readable) return context.skip();
    }
    // The parent's own access key is there, so this is its memory.
    expect(found).toBe(true);
  });

  it('in what is left when all have ended', async () => {
    const verified = await run(['audit', 'verify', '--data', vault.data]);
    expect(verified.out).toContain(' 0 findings');
    nothingIn('the output of audit verify', Buffer.from(verified.out + verified.err));
    expect(await vault.stop({ keep: true })).toBe(0);
    nothingIn('the output', Buffer.from(vault.output));
    searchFiles();
  });
});

/** Where a secret may be: the user's key, KMS's keys and the hypervisor's, each for its user alone (docs/local-mode.md). */
const EXEMPT: Readonly<Record<string, RegExp>> = {
  'admin.key': /^the token of the admin key$/,
  'kms.json': /KMS/,
  'hypervisor.json': /hypervisor/,
};

/** Searches every file of the data folder, and its name. @returns the names */
function searchFiles(): string[] {
  const names = readdirSync(vault.data, { recursive: true, encoding: 'utf8' });
  for (const name of names) {
    const what = [...secrets, ...keys].filter(({ label }) => EXEMPT[name]?.test(label) !== true);
    nothingIn('the name of a file', Buffer.from(name));
    nothingIn(name, readFileSync(join(vault.data, name)), what);
  }
  return names;
}

/** As a program holds them: Latin-1 text, and bytes; what is marked in two-byte text as well. None is told to either process. */
function inMemory(): Secret[] {
  const own = keys.filter(({ label }) => label.includes('record’s'));
  return [...secrets, ...own].map(({ label, forms }) => ({
    label,
    forms: forms.filter(([form]) => HELD.has(form) || (form === 'UTF-16LE' && label.includes('marked'))),
  }));
}
const HELD: ReadonlySet<string> = new Set(['text', 'bytes']);

/** The instance role's access key id, which KMS's records have. */
function instanceAccessKey(): string {
  const lines = readFileSync(join(vault.data, 'kms-events.log'), 'utf8').trim().split('\n');
  const events = lines.map(
    (line) => JSON.parse(line) as { userIdentity: { arn: string; accessKeyId: string } },
  );
  return (
    events.find(({ userIdentity }) => userIdentity.arn.endsWith('/instance'))?.userIdentity.accessKeyId ?? ''
  );
}
