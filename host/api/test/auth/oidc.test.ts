// SPDX-License-Identifier: Apache-2.0
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, expect, test } from 'vitest';
import { OidcVerifier } from '../../src/auth/oidc.ts';

const ISSUER = 'https://login.example.com';
const AUDIENCE = 'vault';
type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
let keys: Keys;
let other: Keys;
let verifier: OidcVerifier;

beforeAll(async () => {
  keys = await generateKeyPair('ES256');
  other = await generateKeyPair('ES256');
  const mapping = {
    tenant: { claim: 'org' },
    scopes: 'scope',
    fields: 'fields',
    deriveOnly: 'derive',
  } as const;
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'a', alg: 'ES256' };
  const otherJwk = { ...(await exportJWK(other.publicKey)), kid: 'a', alg: 'ES256' };
  verifier = new OidcVerifier([
    { issuer: ISSUER, audience: AUDIENCE, keys: { jwks: { keys: [jwk] } }, algorithms: ['ES256'], mapping },
    {
      issuer: 'https://other.example.com',
      audience: AUDIENCE,
      keys: { jwks: { keys: [otherJwk] } },
      algorithms: ['ES256'],
      mapping: { tenant: { fixed: 'partner' }, scopes: 'roles', scopeMap: { clerk: ['vaults:read'] } },
    },
  ]);
});

interface Token {
  claims?: JWTPayload;
  issuer?: string;
  audience?: string;
  issued?: number;
  expires?: number | null;
  key?: Keys['privateKey'];
}

const now = () => Math.floor(Date.now() / 1000);
function sign({
  claims = {},
  issuer = ISSUER,
  audience = AUDIENCE,
  issued = now(),
  expires = now() + 600,
  key,
}: Token) {
  const jwt = new SignJWT({ sub: 'ada', org: 'default', scope: 'vaults:read openid', ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'a' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(issued);
  if (expires !== null) jwt.setExpirationTime(expires);
  return jwt.sign(key ?? keys.privateKey);
}

test('makes a principal of a good token', async () => {
  const expires = now() + 600;
  expect(await verifier.authenticate(await sign({ expires }))).toEqual({
    tenant: 'default',
    actor: `jwt:${ISSUER}#ada`,
    scopes: new Set(['vaults:read']),
    fields: null,
    purposes: null,
    deriveOnly: false,
    expires: expires * 1_000_000,
  });
});

test('narrows by claims, and maps roles to scopes', async () => {
  const narrowed = await verifier.authenticate(await sign({ claims: { fields: ['email'], derive: true } }));
  expect(narrowed).toMatchObject({ fields: new Set(['email']), deriveOnly: true });
  const claims = { roles: ['clerk', 'root', 'toString'] };
  const mapped = await verifier.authenticate(
    await sign({ claims, issuer: 'https://other.example.com', key: other.privateKey }),
  );
  expect(mapped).toMatchObject({ tenant: 'partner', scopes: new Set(['vaults:read']) });
});

test('takes a token of an issuer whose clock is a little ahead', async () => {
  expect(await verifier.authenticate(await sign({ issued: now() + 20 }))).toMatchObject({
    tenant: 'default',
  });
});

const refuse = (token: string) =>
  expect(verifier.authenticate(token)).rejects.toMatchObject({ code: 'unauthenticated' });

test.each<[string, () => Token]>([
  ['an issuer that is not configured', () => ({ issuer: 'https://evil.example' })],
  ["another issuer's key", () => ({ key: other.privateKey })],
  ['another audience', () => ({ audience: 'mail' })],
  ['an expired token', () => ({ expires: now() - 60 })],
  ['a token that expired within the tolerance', () => ({ expires: now() - 1 })],
  ['a token without an end', () => ({ expires: null })],
  ['a token from the future', () => ({ issued: now() + 3_600 })],
  ['a token issued long ago', () => ({ issued: now() - 100_000 })],
  ['no subject', () => ({ claims: { sub: '' } })],
  ['no tenant', () => ({ claims: { org: null } })],
  ['a tenant that cannot be', () => ({ claims: { org: 'a/b' } })],
  ['a narrowing that cannot be read', () => ({ claims: { fields: { email: true } } })],
  ['a half-readable narrowing', () => ({ claims: { fields: ['email', 7] } })],
  ['derive as text', () => ({ claims: { derive: 'true' } })],
  ['scopes of another shape', () => ({ claims: { scope: 7 } })],
  ['a very long subject', () => ({ claims: { sub: 'x'.repeat(600) } })],
])('refuses %s', async (_what, token) => refuse(await sign(token())));

test('refuses unsigned tokens, changed ones, and what is no token', async () => {
  const unsigned = new UnsecuredJWT({ sub: 'ada', org: 'default', scope: 'keys:admin' });
  await refuse(
    unsigned.setIssuer(ISSUER).setAudience(AUDIENCE).setIssuedAt().setExpirationTime('5m').encode(),
  );
  const [head, , signature] = (await sign({})).split('.');
  const body = Buffer.from(
    JSON.stringify({ iss: ISSUER, sub: 'eve', aud: AUDIENCE, exp: now() + 60, iat: now() }),
  );
  await refuse(`${head}.${body.toString('base64url')}.${signature}`);
  await refuse('a.b.c');
  await refuse('');
  await refuse('x'.repeat(100_000));
});

test('refuses a public key used as a shared secret', async () => {
  const secret = Buffer.from(JSON.stringify(await exportJWK(keys.publicKey)));
  const token = await new SignJWT({ sub: 'ada', org: 'default' })
    .setProtectedHeader({ alg: 'HS256', kid: 'a' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(secret);
  await refuse(token);
});

test('without issuers every token is refused', async () => {
  const none = new OidcVerifier([]);
  await expect(none.authenticate(await sign({}))).rejects.toMatchObject({ code: 'unauthenticated' });
});
