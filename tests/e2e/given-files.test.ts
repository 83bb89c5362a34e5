// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callApi, LocalVault, run } from '../support/local-vault.ts';

const folder = mkdtempSync(join(tmpdir(), 'ev-given-'));
const heads = join(folder, 'elsewhere.log');
const issuer = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const file = (name: string, content: unknown) => {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return join(folder, name);
};

/** A token as an identity provider would issue it (RFC 7515, ES256). */
function token(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const body = {
    iss: 'https://login.test',
    aud: 'vault',
    sub: 'clerk',
    iat: now,
    exp: now + 60,
    jti: randomUUID(),
  };
  const signed = `${part({ alg: 'ES256', kid: 'one' })}.${part({ ...body, ...claims })}`;
  const signature = sign('sha256', Buffer.from(signed), {
    key: issuer.privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${signed}.${signature.toString('base64url')}`;
}

let vault: LocalVault;
beforeAll(async () => {
  const jwk = { ...issuer.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256' };
  const oidc = [
    { issuer: 'https://login.test', audience: 'vault', jwks: { keys: [jwk] }, tenant: 'default' },
  ];
  const rates = { requests: { burst: 6, perSecond: 1 } };
  vault = await LocalVault.start({
    args: ['--oidc', file('oidc.json', oidc), '--rates', file('rates.json', rates), '--audit-heads', heads],
  });
});
afterAll(async () => {
  await vault.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('files that the user names at the start', () => {
  it('--oidc: a token of the issuer creates, and one of nobody does not', async () => {
    const create = (key: string) => callApi(vault.url, 'POST', '/v1/vaults', { first_name: 'Ada' }, { key });
    expect((await create(token({ scope: 'vaults:create' }))).status).toBe(201);
    expect((await create(token({ scope: 'vaults:read' }))).json).toMatchObject({ code: 'scope_missing' });
    expect((await create(token({ scope: 'vaults:create', iss: 'https://other.test' }))).status).toBe(401);
  });

  it('--audit-heads: heads are there and not in the data folder', async () => {
    expect((await vault.call('POST', '/v1/vaults', { first_name: 'Ada' })).status).toBe(201);
    expect(readFileSync(heads, 'utf8').trim().split('\n').length).toBeGreaterThan(1);
    expect(statSync(heads).mode & 0o777).toBe(0o600);
    expect(existsSync(join(vault.data, 'audit-heads.log'))).toBe(false);
    const verified = await run(['audit', 'verify', '--data', vault.data, '--against', heads]);
    expect({ code: verified.code, err: verified.err }).toEqual({ code: 0, err: '' });
  });

  it('--rates: a caller who asks more often than they allow is told to wait', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => vault.call('GET', '/v1/keys')));
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThan(3);
    expect(limited[0]?.json.code).toBe('rate_limited');
    expect(limited[0]?.headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it('what cannot be read, or is none, is said in one line and starts nothing', async () => {
    for (const [args, message] of [
      [['--oidc', join(folder, 'none.json')], /none\.json cannot be read/],
      [['--rates', file('torn.json', '{"requests": secret')], /torn\.json is not JSON/],
      [['--oidc', file('bad.json', [{ issuer: 'x', secret: 'secret' }])], /oidc/],
      [['--rates', file('odd.json', { requests: { burst: -1, perSecond: 1 } })], /rates/],
    ] as const) {
      const { code, err } = await run(['dev', '--port', '0', '--ephemeral', ...args]);
      expect([args, code]).toEqual([args, 1]);
      expect(err).toMatch(message);
      expect(err).not.toContain('secret');
    }
  });
});
