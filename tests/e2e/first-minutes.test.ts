// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalVault, run } from '../support/local-vault.ts';

let vault: LocalVault;
beforeAll(async () => {
  vault = await LocalVault.start();
});
afterAll(() => vault.stop());

/** What the README and the ready line promise, on a vault started as a user starts it. */
describe('the first minutes', () => {
  let id = '';

  it('warns of the development root, and prints no key', () => {
    expect(vault.output).toContain('DEVELOPMENT ROOT OF TRUST');
    expect(vault.output).toContain(`$(cat '${join(vault.data, 'admin.key')}')`);
    expect(vault.output).not.toContain(vault.adminKey);
    expect(statSync(join(vault.data, 'admin.key')).mode & 0o777).toBe(0o600);
    expect(vault.adminKey).toMatch(/^evk_[0-9A-Z]{26}_[\w-]{43}$/);
  });

  it('creates a record and says which fields hold a value', async () => {
    const made = await vault.call('POST', '/v1/vaults', {
      first_name: ' Ada ',
      dob: '1985-12-10',
      ssn9: '123456789',
    });
    expect(made.status).toBe(201);
    id = String(made.json.id);
    expect(id).toMatch(/^v_[0-9A-HJKMNP-TV-Z]{26}$/);
    const got = await vault.call('GET', `/v1/vaults/${id}?fields=first_name,ssn4,email`);
    expect(got.json).toEqual({ first_name: true, ssn4: true, email: false });
    expect(got.headers.get('etag')).toBe('"1"');
    expect(got.headers.get('cache-control')).toBe('no-cache, no-store, must-revalidate');
  });

  it('decrypts what was asked for, derived fields and expressions included', async () => {
    const opened = await vault.call('POST', `/v1/vaults/${id}/decrypt`, {
      fields: ['first_name', 'ssn4'],
      reason: 'e2e',
      expressions: { adult: 'date(dob).age() >= 18', bad: '1 / 0', reg: { registered: 'over_18' } },
    });
    expect([opened.status, opened.json.code]).toEqual([200, undefined]);
    expect(opened.json.data).toMatchObject({ first_name: 'Ada', ssn4: '6789', adult: true });
    expect(opened.json.data).not.toHaveProperty('dob');
    expect(opened.json.errors).toEqual([expect.objectContaining({ name: 'bad', code: 'expression_failed' })]);
  });

  it('keeps the order of a map that an expression makes', async () => {
    const order = '{"b": 1, "10": 2, "9": first_name}';
    const ask = { fields: [], reason: 'e2e', expressions: { order } };
    const opened = await vault.call('POST', `/v1/vaults/${id}/decrypt`, ask);
    expect(opened.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(opened.text).toBe('{"data":{"order":{"b":1,"10":2,"9":"Ada"}}}');
  });

  it('updates under If-Match, removes fields, deletes, and keeps the log', async () => {
    const headers = { 'if-match': '"1"' };
    expect((await vault.call('PATCH', `/v1/vaults/${id}`, { city: 'Graz' }, { headers })).status).toBe(200);
    expect((await vault.call('PATCH', `/v1/vaults/${id}`, { city: 'Linz' }, { headers })).status).toBe(412);
    expect((await vault.call('DELETE', `/v1/vaults/${id}?fields=ssn9`)).status).toBe(200);
    const asked = { fields: ['city', 'ssn9'], reason: 'e2e' };
    expect((await vault.call('POST', `/v1/vaults/${id}/decrypt`, asked)).json.data).toMatchObject({
      city: 'Graz',
    });
    expect((await vault.call('DELETE', `/v1/vaults/${id}`, { delete_all: true })).status).toBe(200);
    expect((await vault.call('POST', `/v1/vaults/${id}/decrypt`, asked)).status).toBe(404);
    const log = await vault.call('GET', `/v1/vaults/${id}/audit`);
    const events = (log.json.entries as unknown as { event: string; reason: string | null }[]).map(
      (e) => e.event,
    );
    expect(events).toEqual([
      'DeleteVault',
      'DecryptVault',
      'RemoveFields',
      'UpdateVault',
      'DecryptVault',
      'DecryptVault',
      'CreateVault',
    ]);
  });

  it('verifies its audit from the command line, running', async () => {
    const heads = join(vault.data, 'audit-heads.log');
    const { code, out } = await run(['audit', 'verify', '--data', vault.data, '--against', heads]);
    expect(out).toMatch(/^\d+ chains, \d+ entries, 0 findings\n$/);
    expect(code).toBe(0);
    const unknown = await run(['audit', 'verify', 'v_01KASPQ4Z7C3V3R8N4W8Q0W3XH', '--data', vault.data]);
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('there is no log of')]);
  });

  it('makes keys that can derive and not read', async () => {
    const args = ['keys', 'create', '--data', vault.data, '--scopes', 'vaults:decrypt', '--derive-only'];
    const { code, out } = await run(args);
    expect(code).toBe(0);
    const { token: key } = JSON.parse(out) as { token: string };
    const made = await vault.call('POST', '/v1/vaults', { dob: '2001-01-01' });
    const path = `/v1/vaults/${String(made.json.id)}/decrypt`;
    const derive = { fields: [], reason: 'e2e', expressions: { a: { registered: 'over_18' } } };
    expect((await vault.call('POST', path, derive, { key })).json.data).toEqual({ a: true });
    expect((await vault.call('POST', path, { fields: ['dob'], reason: 'e2e' }, { key })).status).toBe(403);
    expect((await vault.call('POST', '/v1/vaults', { dob: '2001-01-01' }, { key })).status).toBe(403);
  });

  it('gives another tenant a key of its own, which sees nothing of the first', async () => {
    const { code, out } = await run(['tenants', 'create', 'acme-health', '--data', vault.data]);
    expect(code).toBe(0);
    const { token: key, tenant } = JSON.parse(out) as { token: string; tenant: string };
    expect(tenant).toBe('acme-health');
    const ours = await vault.call('POST', '/v1/vaults', { city: 'Graz' });
    const theirs = await vault.call('POST', '/v1/vaults', { city: 'Linz' }, { key });
    expect((await vault.call('GET', `/v1/vaults/${String(ours.json.id)}`, undefined, { key })).status).toBe(
      404,
    );
    const ask = { fields: ['city'], reason: 'e2e' };
    const opened = await vault.call('POST', `/v1/vaults/${String(theirs.json.id)}/decrypt`, ask, { key });
    expect(opened.json.data).toEqual({ city: 'Linz' });
    for (const tenant of ['Not A Tenant', 'canary', 'smoke'])
      expect((await run(['tenants', 'create', tenant, '--data', vault.data])).code, tenant).toBe(2);
  });

  it('attests its enclave', async () => {
    const nonce = Buffer.alloc(16, 7).toString('base64url');
    const answer = await vault.call('GET', `/v1/attestation?nonce=${nonce}`);
    expect(answer.status).toBe(200);
    expect(Buffer.from(String(answer.json.document), 'base64').length).toBeGreaterThan(2000);
  });

  it('serves its reference and its OpenAPI document', async () => {
    expect((await vault.call('GET', '/v1/openapi.json', undefined, { key: null })).json.openapi).toMatch(
      /^3\.1/,
    );
    expect((await vault.call('GET', '/v1/swagger', undefined, { key: null })).status).toBe(200);
  });

  it('tells no one without a key anything', async () => {
    for (const [method, path] of [
      ['POST', '/v1/vaults'],
      ['GET', '/v1/vaults/v_01KASPQ4Z7C3V3R8N4W8Q0W3XH'],
      ['GET', '/v1/keys'],
    ] as const)
      expect((await vault.call(method, path, undefined, { key: null })).status).toBe(401);
  });

  it('refuses a second vault on the same data', async () => {
    const second = await run(['dev', '--port', '0', '--data', vault.data]);
    expect(second.code).toBe(1);
    expect(second.err).toContain('another vault is running');
    expect((await vault.call('GET', '/health', undefined, { key: null })).status).toBe(200);
  });

  it('finishes in five seconds, and keeps everything', async () => {
    // A first attempt may have left none.
    if (vault.process.exitCode !== null) vault = await LocalVault.start({ data: vault.data });
    const made = await vault.call('POST', '/v1/vaults', { first_name: 'Kept' });
    const key = vault.adminKey;
    const began = performance.now();
    expect(await vault.stop({ keep: true })).toBe(0);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(existsSync(join(vault.data, 'running.json'))).toBe(false);
    const stopped = await run(['audit', 'verify', '--data', vault.data]);
    expect(stopped.out).toContain(' 0 findings');

    const { data } = vault;
    vault = await LocalVault.start({ data });
    expect(readFileSync(join(data, 'admin.key'), 'utf8').trim()).toBe(key);
    const opened = await vault.call('POST', `/v1/vaults/${String(made.json.id)}/decrypt`, {
      fields: ['first_name'],
      reason: 'e2e',
    });
    expect(opened.json.data).toEqual({ first_name: 'Kept' });
  });
});
