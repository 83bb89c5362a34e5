// SPDX-License-Identifier: Apache-2.0
import { recordJsonSchema } from '@enclave-vault/vault';
import { bundleFromString, createConfig, lintFromString } from '@redocly/openapi-core';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROBLEMS } from '../src/errors.ts';
import { type Api, startApi } from './harness.ts';

type Json = { readonly [key: string]: unknown };

/** A part of the document, by the names that lead to it; an empty object where there is none. */
function part(from: unknown, ...path: readonly string[]): Json {
  let value = from;
  for (const name of path) value = (value as Json | undefined)?.[name];
  return (value ?? {}) as Json;
}

function makeAjv(): Ajv2020 {
  const ajv = new Ajv2020({ strict: false });
  (addFormats.default as unknown as (ajv: Ajv2020) => void)(ajv);
  return ajv;
}

let api: Api;
let text: string;
let document: Json;
beforeAll(async () => {
  api = await startApi({ ui: true });
  text = (await api.call('GET', '/v1/openapi.json', { token: null })).text;
  document = JSON.parse(text);
});
afterAll(() => api.stop());

test('passes the linter with its recommended rules', async () => {
  const config = await createConfig({ extends: ['recommended-strict'] });
  const problems = await lintFromString({ source: text, config });
  expect(
    problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`),
  ).toEqual([]);
  const { bundle } = await bundleFromString({ source: text, config, dereference: true });
  expect(bundle.parsed).toBeDefined();
});

test('every schema is one by the dialect’s own schema: at run time nobody checks', () => {
  const ajv = new Ajv2020();
  let found = 0;
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      if (name === 'schema' || name === 'schemas') {
        for (const schema of name === 'schema' ? [inner] : Object.values(inner as object)) {
          expect([schema, ajv.validateSchema(schema as object)]).toEqual([schema, true]);
          found += 1;
        }
      } else walk(inner);
    }
  };
  walk(document);
  expect(found).toBeGreaterThan(50);
  expect(ajv.validateSchema({ type: 'text' })).toBe(false);
});

test('is OpenAPI 3.1 and has every route', () => {
  expect(document.openapi).toBe('3.1.0');
  const calls = Object.entries(part(document, 'paths')).flatMap(([path, item]) =>
    Object.keys(item as object).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(calls.sort()).toEqual([
    'DELETE /v1/keys/{id}',
    'DELETE /v1/vaults/{id}',
    'GET /health',
    'GET /metrics',
    'GET /v1/attestation',
    'GET /v1/keys',
    'GET /v1/vaults/{id}',
    'GET /v1/vaults/{id}/audit',
    'PATCH /v1/vaults/{id}',
    'POST /v1/keys',
    'POST /v1/vaults',
    'POST /v1/vaults/{id}/decrypt',
    'POST /v1/vaults:batch',
    'POST /v1/vaults:decrypt',
  ]);
});

test('every call documents its success, its problems and its security', () => {
  for (const item of Object.values(part(document, 'paths'))) {
    for (const operation of Object.values(item as Record<string, Json>)) {
      const answers = Object.keys(part(operation, 'responses'));
      expect(answers).toEqual(expect.arrayContaining(['400', '500', 'default']));
      const open = Array.isArray(operation.security) && operation.security.length === 0;
      expect(answers.includes('401')).toBe(!open);
      expect(operation.operationId).toMatch(/^[a-z][A-Za-z]+$/);
    }
  }
});

test('the codes of problems are those that are sent', () => {
  const codes = part(document, 'components', 'schemas', 'Problem', 'properties', 'code').enum;
  expect(codes).toEqual(Object.keys(PROBLEMS).sort());
});

describe('answers', () => {
  /** Checks an answer against the schema that the document has for it. */
  async function check(
    method: string,
    path: string,
    answer: { status: number; text: string; headers: object },
  ) {
    const responses = part(document, 'paths', path, method, 'responses');
    const response = responses[String(answer.status)] ?? responses.default;
    const content = Object.entries(part(response, 'content') as Record<string, { schema: object }>);
    const type = String((answer.headers as Record<string, string>)['content-type']).split(';')[0];
    const schema = content.find(([name]) => name === type)?.[1].schema;
    expect(schema, `${method} ${path} ${answer.status} ${type}`).toBeDefined();
    const ajv = makeAjv();
    ajv.addSchema({ $id: 'doc', components: document.components });
    const local = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"doc#/components'));
    const validate = ajv.compile(local);
    validate(JSON.parse(answer.text));
    expect(validate.errors, `${method} ${path} ${answer.status}`).toBeNull();
  }

  test('are as the document says', async () => {
    const vaults = '/v1/vaults';
    const made = await api.call('POST', vaults, { body: { email: 'ada@example.com', dob: '1990-01-01' } });
    await check('post', vaults, made);
    const url = `${vaults}/${made.json.id}`;
    const one = `${vaults}/{id}`;
    await check('get', one, await api.call('GET', url));
    await check('patch', one, await api.call('PATCH', url, { body: { city: 'Rome' } }));
    await check('patch', one, await api.call('PATCH', url, { body: { city: 7, x: 1 } }));
    const body = {
      fields: ['dob', 'city', 'state'],
      reason: 'x',
      expressions: { a: 'date(dob).age()', b: 'nope' },
    };
    await check('post', `${one}/decrypt`, await api.call('POST', `${url}/decrypt`, { body }));
    await check('get', `${one}/audit`, await api.call('GET', `${url}/audit`));
    await check('delete', one, await api.call('DELETE', url, { body: { fields: ['dob'] } }));
    await check('delete', one, await api.call('DELETE', url, { body: {} }));
    await check('delete', one, await api.call('DELETE', `${url}?delete_all=true`));
    await check('get', one, await api.call('GET', url));
    const many = { items: [{ fields: { city: 'Rome' } }, { fields: { city: 7 } }] };
    const batch = await api.call('POST', `${vaults}:batch`, { body: many });
    await check('post', `${vaults}:batch`, batch);
    await check('post', `${vaults}:batch`, await api.call('POST', `${vaults}:batch`, { body: {} }));
    const ids = [batch.json.results[0].id, 'v_none'];
    await check(
      'post',
      `${vaults}:decrypt`,
      await api.call('POST', `${vaults}:decrypt`, { body: { ids, ...body } }),
    );
    const key = await api.call('POST', '/v1/keys', { body: { scopes: ['vaults:read'], fields: ['dob'] } });
    await check('post', '/v1/keys', key);
    await check('delete', '/v1/keys/{id}', await api.call('DELETE', `/v1/keys/${key.json.id}`));
    await check('get', '/v1/keys', await api.call('GET', '/v1/keys'));
    await check('get', '/v1/keys', await api.call('GET', '/v1/keys', { token: 'x' }));
    await check('get', '/v1/attestation', await api.call('GET', `/v1/attestation?nonce=${'A'.repeat(22)}`));
    await check('get', '/health', await api.call('GET', '/health'));
    await check('post', vaults, await api.call('POST', vaults, { body: '{' }));
  });
});

test('what the document says of records is what the vault takes', () => {
  const schema = api.vault.schema;
  const ajv = makeAjv();
  const validate = ajv.compile(recordJsonSchema(schema));
  const parses = (value: unknown) => {
    try {
      schema.parse(value);
      return true;
    } catch {
      return false;
    }
  };
  const texts = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(
      '',
      ' ',
      ' Rome ',
      'ada@example.com',
      'a@b',
      '+4915112345678',
      '123456789',
      '1234',
      '2024-02-29',
    ),
    fc.constantFrom(
      '2023-02-29',
      '1990-1-1',
      'DE',
      'de',
      'DEU',
      'x'.repeat(1024),
      'x'.repeat(1025),
      '😀'.repeat(1024),
    ),
  );
  const values = fc.oneof({ weight: 6, arbitrary: texts }, fc.jsonValue({ maxDepth: 1 }));
  const records = fc.dictionary(fc.constantFrom(...schema.fields.keys(), 'unknown'), values, { maxKeys: 3 });
  fc.assert(
    fc.property(records, (record) => {
      // JSON Schema cannot say that a derived field may be given when it agrees, nor ask for well-formed text.
      fc.pre(!('ssn9' in record && 'ssn4' in record) && JSON.stringify(record).isWellFormed());
      fc.pre(Object.values(record).every((value) => typeof value !== 'string' || value.isWellFormed()));
      expect(parses(record), JSON.stringify(record)).toBe(validate(record));
    }),
    { numRuns: 250 },
  );
});

describe('Swagger UI', () => {
  test('works offline: every script, style and image is served from here', async () => {
    const page = await api.call('GET', '/v1/swagger/', { token: null });
    expect(page.status).toBe(200);
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = '']) => link);
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) {
      expect(link).not.toMatch(/^(?:https?:)?\/\//);
      const url = new URL(link, 'http://localhost/v1/swagger/').pathname;
      const part = await api.call('GET', url, { token: null });
      expect([url, part.status]).toEqual([url, 200]);
      expect(part.headers['cache-control']).toBe('no-cache, no-store, must-revalidate');
    }
    const csp = String(page.headers['content-security-policy']);
    expect(csp).toContain("default-src 'none'");
    expect(csp).not.toMatch(/https?:|unsafe-eval/);
    const setup = await api.call('GET', '/v1/swagger/static/swagger-initializer.js', { token: null });
    expect(setup.text).toContain('"validatorUrl":null');
    const shown = await api.call('GET', '/v1/swagger/json', { token: null });
    expect(shown.json).toEqual(document);
    expect((await api.call('GET', '/v1/swagger', { token: null })).status).toBe(200);
  });

  test.each(['/v1/swagger/static/../../package.json', '/v1/swagger/static/%2e%2e/%2e%2e/package.json'])(
    'serves nothing else: %s',
    async (url) => expect((await api.call('GET', url, { token: null })).status).toBeGreaterThanOrEqual(400),
  );
});
