// SPDX-License-Identifier: Apache-2.0
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { exportSPKI, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readIdentity } from '../../api/src/gateway/identity.ts';
import { parseGatewayPolicy } from '../../api/src/gateway/parse-policy.ts';
import { gatewayPrincipal } from '../../api/src/gateway/principal.ts';
import { AUDIENCE, authorizer, CONTEXT, ISSUER, Issuer, METHOD } from './issuer.ts';

let issuer: Issuer;
beforeAll(async () => {
  issuer = await Issuer.start();
});
afterAll(() => issuer.close());

test('lets a holder in, to this API’s stage and nothing else, with the claims that were asked for', async () => {
  const { ask, lines } = authorizer(issuer);
  const token = await issuer.token({
    scope: 'vaults:read vaults:decrypt',
    tenant: 'default',
    fields: ['email', 'dob'],
    deriveOnly: true,
    level: 3,
    email: 'marked@example.com',
    nested: { a: 1 },
  });
  const answer = await ask(token);
  expect(answer).toEqual({
    principalId: `${ISSUER}#ada`,
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Action: 'execute-api:Invoke',
          Effect: 'Allow',
          Resource: 'arn:aws:execute-api:eu-central-1:111122223333:abcdefghij/v/*/v1/*',
        },
      ],
    },
    context: {
      iss: ISSUER,
      sub: 'ada',
      exp: expect.any(Number),
      scope: 'vaults:read vaults:decrypt',
      tenant: 'default',
      fields: 'email dob',
      deriveOnly: true,
      level: 3,
    },
  });
  expect(lines).toEqual([]);
});

test('what it hands on is what the vault’s policy maps', async () => {
  const { ask } = authorizer(issuer);
  const { principalId, context } = await ask(
    await issuer.token({
      scope: 'vaults:read other:thing',
      tenant: 'acme',
      fields: ['email'],
      deriveOnly: false,
    }),
  );
  // API Gateway hands every value over as text.
  const handed = Object.fromEntries(Object.entries(context).map(([name, value]) => [name, String(value)]));
  const identity = readIdentity({ authorizer: { principalId, integrationLatency: 12, ...handed } });
  const policy = parseGatewayPolicy(
    {
      version: 1,
      claims: [
        {
          source: 'lambda',
          when: { iss: ISSUER },
          tenantClaim: 'tenant',
          scopesClaim: 'scope',
          fieldsClaim: 'fields',
          deriveOnlyClaim: 'deriveOnly',
        },
      ],
    },
    { fields: new Set(['email', 'dob']), purposes: new Set(['general']) },
  );
  if (identity === undefined) throw new Error('the vault sees no authorizer');
  expect(gatewayPrincipal(identity, policy)).toEqual({
    tenant: 'acme',
    actor: `authorizer:${ISSUER}#ada`,
    scopes: new Set(['vaults:read']),
    fields: new Set(['email']),
    purposes: null,
    deriveOnly: false,
    expires: Number(context.exp) * 1_000_000,
  });
});

/** Makes a token that must not pass, and the reason that the log has. */
const REFUSED: Readonly<Record<string, readonly [() => Promise<string> | string, string]>> = {
  'another audience': [() => issuer.token({}, { audience: 'other' }), 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
  'another issuer': [() => issuer.token({}, { issuer: `${ISSUER}/` }), 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
  'a past end': [() => issuer.token({}, { issued: -600, expires: -31 }), 'ERR_JWT_EXPIRED'],
  'an issue in the future': [() => issuer.token({}, { issued: 60 }), 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
  'a day behind it': [() => issuer.token({}, { issued: -90_000 }), 'ERR_JWT_EXPIRED'],
  'no subject': [() => issuer.token({}, { sub: '' }), 'ERR_JWT_CLAIM_VALIDATION_FAILED'],
  'a subject that would end a text': [() => issuer.token({}, { sub: 'a","b":"' }), 'subject'],
  'a subject with a space': [() => issuer.token({}, { sub: 'a b' }), 'subject'],
  'an unknown key': [() => issuer.token({}, { kid: 'b' }), 'ERR_JWKS_NO_MATCHING_KEY'],
  'a start in the future': [
    () => issuer.token({ nbf: Math.floor(Date.now() / 1000) + 60 }),
    'ERR_JWT_CLAIM_VALIDATION_FAILED',
  ],
  'another signature': [
    async () => `${(await issuer.token()).split('.').slice(0, 2).join('.')}.${'A'.repeat(86)}`,
    'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  ],
  'changed claims': [
    async () => {
      const [header, , signature] = (await issuer.token()).split('.');
      const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'eve', iat: 1, exp: 9_999_999_999 };
      return `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
    },
    'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  ],
  'no signature': [
    () =>
      new UnsecuredJWT({ sub: 'ada' })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setIssuedAt()
        .setExpirationTime('1h')
        .encode(),
    'no_token',
  ],
  'alg none and a signature': [
    () =>
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}.AAAA`,
    'ERR_JOSE_ALG_NOT_ALLOWED',
  ],
  'the public key as a secret': [
    async () => {
      const head = Buffer.from('{"alg":"HS256","kid":"a"}').toString('base64url');
      const body = (await issuer.token()).split('.')[1];
      const mac = createHmac('sha256', await exportSPKI(issuer.keys.publicKey))
        .update(`${head}.${body}`)
        .digest('base64url');
      return `${head}.${body}.${mac}`;
    },
    'ERR_JOSE_ALG_NOT_ALLOWED',
  ],
  'a key of its own in the header': [
    async () => {
      const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
      const head = Buffer.from(JSON.stringify({ alg: 'ES256', jwk })).toString('base64url');
      return `${head}.${(await issuer.token()).split('.').slice(1).join('.')}`;
    },
    'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  ],
  'a critical extension': [
    async () => {
      const head = Buffer.from('{"alg":"ES256","kid":"a","crit":["x"],"x":1}').toString('base64url');
      return `${head}.${(await issuer.token()).split('.').slice(1).join('.')}`;
    },
    'ERR_JOSE_NOT_SUPPORTED',
  ],
  'eight kilobytes': [() => issuer.token({ scope: 'x'.repeat(8192) }), 'too_long'],
  'no dots': [() => 'evk_abc_def', 'no_token'],
  nothing: [() => '', 'no_token'],
};

test.each(Object.entries(REFUSED))(
  'refuses a token with %s, and says nothing of it',
  async (_, [make, reason]) => {
    const { ask, reasons, lines } = authorizer(issuer);
    const token = await make();
    await expect(ask(token)).rejects.toThrow(/^Unauthorized$/);
    expect(reasons()).toEqual([`token_refused: ${reason}`]);
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain(token.slice(0, 20) || 'ada');
  },
);

test('takes a clock that is half a minute off', async () => {
  const { ask } = authorizer(issuer);
  await expect(ask(await issuer.token({}, { issued: -60, expires: -20 }))).resolves.toBeDefined();
  await expect(ask(await issuer.token({}, { issued: 20 }))).resolves.toBeDefined();
});

test('asks for the type of token where it is told to', async () => {
  const { ask, reasons } = authorizer(issuer, { type: 'at+jwt' });
  await expect(ask(await issuer.token({}, { typ: 'application/at+jwt' }))).resolves.toBeDefined();
  await expect(ask(await issuer.token({}, { typ: 'JWT' }))).rejects.toThrow('Unauthorized');
  expect(reasons()).toEqual(['token_refused: ERR_JWT_CLAIM_VALIDATION_FAILED']);
});

describe('a claim that cannot be handed on as it is', () => {
  test.each([
    ['an object', { fields: { email: true } }],
    ['a list with a space in a member', { scope: ['vaults:read keys:admin'] }],
    ['a list with a comma in a member', { fields: ['email,dob'] }],
    ['a list of numbers', { fields: [1] }],
    ['null', { fields: null }],
    ['a control character', { tenant: 'a\u0000b' }],
    ['half a character', { tenant: 'a\ud800' }],
    ['more than there is room for', { scope: 'x'.repeat(3000) }],
  ])('refuses the token: %s', async (_, claims) => {
    const { ask, reasons } = authorizer(issuer);
    await expect(ask(await issuer.token(claims))).rejects.toThrow(/^Unauthorized$/);
    expect(reasons()).toEqual([expect.stringMatching(/^claim_unreadable: /)]);
  });

  test('an empty list narrows to nothing, and is no missing claim', async () => {
    const { context } = await authorizer(issuer).ask(await issuer.token({ fields: [] }));
    expect(context).toMatchObject({ fields: '' });
  });

  test('a claim never takes the place of what API Gateway or this function says', async () => {
    const { principalId, context } = await authorizer(issuer, { claims: ['sub', 'iss', 'exp'] }).ask(
      await issuer.token({ exp: 1 }),
    );
    expect(principalId).toBe(`${ISSUER}#ada`);
    expect(context.exp).toBeGreaterThan(1_600_000_000);
  });
});

describe('an event', () => {
  test.each([
    ['of another kind', { type: 'REQUEST' }],
    ['without a method', { methodArn: undefined }],
    ['of an API in another account', { methodArn: METHOD.replace('111122223333', '444455556666') }],
    ['of an API in another Region', { methodArn: METHOD.replace('eu-central-1', 'us-east-1') }],
    ['with a wildcard for a method', { methodArn: METHOD.replace('POST/v1/vaults', '*') }],
    ['of another service', { methodArn: METHOD.replace('execute-api', 's3') }],
  ])('%s is refused, and not as a bad token', async (_, event) => {
    const { ask, reasons } = authorizer(issuer);
    await expect(ask(await issuer.token(), event)).rejects.toThrow(/^event_invalid$/);
    expect(reasons()).toEqual([expect.stringMatching(/^event_invalid: /)]);
  });

  test('that is none is refused', async () => {
    await expect(authorizer(issuer).handler(null, CONTEXT)).rejects.toThrow(/^event_invalid$/);
  });
});
