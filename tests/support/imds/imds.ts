// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface IssuedCredentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly Token: string;
  readonly Expiration: string;
}

/** What was asked, without the values that were sent. */
export interface AskedImds {
  readonly method: string;
  readonly path: string;
  readonly token: boolean;
}

const CREDENTIALS = '/latest/meta-data/iam/security-credentials/';
const TTL = 'x-aws-ec2-metadata-token-ttl-seconds';
const MAX_TTL = 21_600;
/** Every secret it ever gave begins so: what a search for leaks looks for. */
export const IMDS_MARK = 'marked-imds-';

/**
 * The instance metadata service on loopback, as the EC2 User Guide documents version 2: session tokens by PUT with a
 * time to live, 401 without one or with one that has expired, 403 for forwarded requests, 404 where there is no role.
 */
export class Imds {
  readonly url: string;
  /** Everything asked, in order. */
  readonly asked: AskedImds[] = [];
  /** All credentials it gave. */
  readonly issued: IssuedCredentials[] = [];
  /** null: no role is attached. */
  role: string | null = 'enclave-vault-parent';
  /** How long new credentials live, and what it calls its time. */
  lifeMs = 3_600_000;
  now: () => number = Date.now;
  /** Connections are cut. */
  down = false;
  /** Before each answer. */
  slowMs = 0;
  /** Answers to a path in place of what it would say. */
  readonly instead = new Map<string, { status?: number; body: string; headers?: Record<string, string> }>();
  /** Time to live that the answer to a PUT names, where it is not the one asked for. */
  grantTtl: number | undefined;
  #tokens = new Map<string, number>();
  #current: IssuedCredentials | null = null;
  readonly #server: http.Server;

  private constructor(server: http.Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => this.#answer(request, response));
  }

  static async start(): Promise<Imds> {
    const server = http.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Imds(server);
  }

  /** New credentials, as the service has them some time before the old ones expire. */
  rotate(lifeMs = this.lifeMs): IssuedCredentials {
    this.#current = {
      AccessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
      SecretAccessKey: `${IMDS_MARK}secret-${randomBytes(12).toString('hex')}`,
      Token: `${IMDS_MARK}session-${randomBytes(24).toString('hex')}`,
      Expiration: `${new Date(this.now() + lifeMs).toISOString().slice(0, 19)}Z`,
    };
    return this.#current;
  }

  /** All session tokens expire at once. */
  expireTokens(): void {
    this.#tokens = new Map();
  }

  /** How often a path was asked for by a method. */
  count(method: string, path: string): number {
    return this.asked.filter((one) => one.method === method && one.path === path).length;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { method = '', url: path = '', headers } = request;
    const token = headers['x-aws-ec2-metadata-token'];
    this.asked.push({ method, path, token: token !== undefined });
    if (this.down) return void request.socket.destroy();
    const send = (status: number, body: string, more: Record<string, string> = {}) =>
      setTimeout(() => response.writeHead(status, more).end(body), this.slowMs);
    const instead = this.instead.get(path);
    if (instead !== undefined) return void send(instead.status ?? 200, instead.body, instead.headers ?? {});
    if (headers['x-forwarded-for'] !== undefined) return void send(403, 'Forbidden');
    if (path === '/latest/api/token') return void this.#session(method, headers[TTL], send);
    if (method !== 'GET') return void send(405, 'Method Not Allowed');
    const until = typeof token === 'string' ? (this.#tokens.get(token) ?? 0) : 0;
    if (until <= this.now()) return void send(401, 'Unauthorized');
    this.#document(path, send);
  }

  #session(method: string, asked: unknown, send: Send): void {
    if (method !== 'PUT') return void send(405, 'Method Not Allowed');
    const ttl = Number(asked);
    if (!Number.isInteger(ttl) || ttl < 1 || ttl > MAX_TTL) return void send(400, 'Bad Request');
    const granted = this.grantTtl ?? ttl;
    const token = `${IMDS_MARK}token-${randomBytes(20).toString('base64url')}`;
    this.#tokens.set(token, this.now() + granted * 1000);
    send(200, token, { [TTL]: String(granted) });
  }

  #document(path: string, send: Send): void {
    if (path === '/latest/dynamic/instance-identity/document') {
      const document = {
        accountId: '123456789012',
        instanceId: 'i-0123456789abcdef0',
        region: 'eu-central-1',
      };
      return void send(200, JSON.stringify(document));
    }
    if (path === '/latest/meta-data/instance-id') return void send(200, 'i-0123456789abcdef0');
    if (this.role === null || !path.startsWith(CREDENTIALS)) return void send(404, 'Not Found');
    if (path === CREDENTIALS) return void send(200, this.role);
    if (path !== CREDENTIALS + this.role) return void send(404, 'Not Found');
    const current = this.#current ?? this.rotate();
    this.issued.push(current);
    const LastUpdated = `${new Date(this.now()).toISOString().slice(0, 19)}Z`;
    send(200, JSON.stringify({ Code: 'Success', LastUpdated, Type: 'AWS-HMAC', ...current }));
  }
}

type Send = (status: number, body: string, headers?: Record<string, string>) => unknown;
