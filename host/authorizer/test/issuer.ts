// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { createHandler } from '../src/handler.ts';
import { issuerKeys, type KeysOptions } from '../src/keys.ts';
import type { AuthorizerSettings } from '../src/settings.ts';

export const ISSUER = 'https://id.example.com';
export const AUDIENCE = 'vault';
export const METHOD = 'arn:aws:execute-api:eu-central-1:111122223333:abcdefghij/v/POST/v1/vaults';
export const CONTEXT = {
  awsRequestId: 'r1',
  functionName: 'vault-authorizer',
  invokedFunctionArn: 'arn:aws:lambda:eu-central-1:111122223333:function:vault-authorizer:live',
};

type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

/** How the issuer answers who asks for its keys. */
export type Mood = 'keys' | 'down' | 'silent' | 'endless' | 'redirects' | 'nonsense';

export interface TokenOptions {
  readonly kid?: string;
  readonly alg?: string;
  readonly typ?: string;
  readonly issuer?: string;
  readonly audience?: string;
  /** Seconds from now. */
  readonly issued?: number;
  readonly expires?: number;
  readonly sub?: string;
  readonly key?: PrivateKey;
}

/** An issuer of tokens with a real server for its keys. */
export class Issuer {
  readonly #server: Server;
  readonly #keys: Awaited<ReturnType<typeof generateKeyPair>>;
  readonly #jwks: { keys: object[] };
  mood: Mood = 'keys';
  asked = 0;

  private constructor(server: Server, keys: Issuer['keys'], jwks: { keys: object[] }) {
    this.#server = server;
    this.#keys = keys;
    this.#jwks = jwks;
  }

  static async start(): Promise<Issuer> {
    const keys = await generateKeyPair('ES256', { extractable: true });
    const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'a', alg: 'ES256', use: 'sig' }] };
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const issuer = new Issuer(server, keys, jwks);
    server.on('request', (_request, answer) => {
      issuer.asked += 1;
      const { mood } = issuer;
      if (mood === 'silent') return;
      if (mood === 'down') answer.writeHead(503).end();
      else if (mood === 'redirects') answer.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
      else if (mood === 'nonsense') answer.end('<html>');
      else if (mood === 'endless') endless(answer);
      else answer.setHeader('content-type', 'application/json').end(JSON.stringify(issuer.#jwks));
    });
    return issuer;
  }

  get keys() {
    return this.#keys;
  }

  get uri(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys`;
  }

  /** A second key, from now on. */
  async publish(kid: string): Promise<PrivateKey> {
    const pair = await generateKeyPair('ES256');
    this.#jwks.keys.push({ ...(await exportJWK(pair.publicKey)), kid, alg: 'ES256', use: 'sig' });
    return pair.privateKey;
  }

  async token(claims: JWTPayload = {}, options: TokenOptions = {}): Promise<string> {
    const { kid = 'a', alg = 'ES256', typ, issuer = ISSUER, audience = AUDIENCE } = options;
    const { issued = 0, expires = 300, sub = 'ada', key = this.#keys.privateKey } = options;
    const now = Math.floor(Date.now() / 1000);
    const token = new SignJWT(claims)
      .setProtectedHeader({ alg, kid, ...(typ === undefined ? {} : { typ }) })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt(now + issued)
      .setExpirationTime(now + expires);
    if (sub !== '') token.setSubject(sub);
    return token.sign(key);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function endless(answer: import('node:http').ServerResponse): void {
  const more = (): void => {
    while (!answer.destroyed && answer.write('x'.repeat(16 * 1024)));
    if (!answer.destroyed) answer.once('drain', more);
  };
  more();
}

/** The function before an issuer, with what it writes. */
export function authorizer(issuer: Issuer, more: Partial<AuthorizerSettings> = {}, keys: KeysOptions = {}) {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const settings: AuthorizerSettings = {
    issuer: ISSUER,
    audience: AUDIENCE,
    jwksUri: issuer.uri,
    algorithms: ['ES256', 'RS256'],
    type: undefined,
    claims: ['scope', 'tenant', 'fields', 'deriveOnly', 'level'],
    metricsNamespace: 'vault',
    ...more,
  };
  const handler = createHandler(settings, issuerKeys(issuer.uri, keys), (line) => void lines.push(line));
  const ask = (token: string, event: object = {}, context = CONTEXT) =>
    handler({ type: 'TOKEN', authorizationToken: `Bearer ${token}`, methodArn: METHOD, ...event }, context);
  const reasons = () =>
    lines.filter((line) => 'event' in line).map(({ event, reason }) => `${event}: ${reason}`);
  return { ask, handler, lines, reasons };
}
