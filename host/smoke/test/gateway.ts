// SPDX-License-Identifier: Apache-2.0
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ROUTES, STAGE } from '../../../infra/src/stages/api/routes.ts';
import { lambdaContext, restEvent } from '../../api/test/lambda/events.ts';
import type { Lambda } from '../../api/test/lambda/harness.ts';
import type { Credentials } from '../src/client.ts';

export const REGION = 'eu-central-1';
export const ROLE = 'vault-smoke';
export const CREDENTIALS: Credentials = {
  accessKeyId: 'ASIAEXAMPLE00000SMOK',
  secretAccessKey: 'marked-secret-of-the-smoke-test',
  sessionToken: 'marked-token',
};

export interface GatewayOptions {
  readonly handler: Lambda['handler'];
  /** Who signs, by the name of his role. The smoke test's when absent. */
  readonly role?: string;
  /** Lets every request in, as the smoke test's role: what a gateway without an authorizer would do. */
  readonly open?: boolean;
  /** Methods but /health ask for a token, and take none. */
  readonly tokens?: boolean;
  /** Instead of the function, for requests that it says something about. */
  readonly instead?: (
    method: string,
    path: string,
    body: string,
  ) => { status: number; json: unknown } | undefined;
}

/**
 * A stand-in for a REST API of API Gateway with an IAM authorizer: its routes are those of the template, signatures are
 * verified, the function gets the event that API Gateway makes, and is invoked in this process.
 */
export async function startGateway(options: GatewayOptions) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    void serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { pathname, search } = new URL(request.url ?? '/', 'http://gateway');
    const { method = '' } = request;
    const path = pathname.slice(`/${STAGE}`.length);
    requests.push(`${method} ${path}`);
    const answer = await decide(method, path, search, request.headers, body);
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.text);
  }

  async function decide(
    method: string,
    path: string,
    search: string,
    headers: IncomingHttpHeaders,
    body: Buffer,
  ): Promise<{ status: number; text: string }> {
    const refused = (status: number) => ({ status, text: '{"message":"Forbidden"}' });
    if (options.tokens === true && path !== '/health') return refused(401);
    const known = ROUTES.some((route) => route.method === method && pattern(route.path).test(path));
    if (options.open !== true) {
      if (!known) return refused(403);
      if (!verify(method, `/${STAGE}${path}`, search, headers, body)) return refused(403);
    }
    const instead = options.instead?.(method, path, body.toString('utf8'));
    if (instead !== undefined) return { status: instead.status, text: JSON.stringify(instead.json) };
    const event = restEvent(method, `${path}${search}`, {
      stage: STAGE,
      body: body.length === 0 ? null : body.toString('utf8'),
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
      identity: {
        userArn: `arn:aws:sts::111122223333:assumed-role/${options.role ?? ROLE}/session`,
        caller: 'AROAEXAMPLE:session',
        user: 'AROAEXAMPLE:session',
        accountId: '111122223333',
        accessKey: CREDENTIALS.accessKeyId,
      },
    });
    const { statusCode, body: text, isBase64Encoded } = await options.handler(event, lambdaContext());
    return {
      status: statusCode,
      text: isBase64Encoded ? Buffer.from(text, 'base64').toString('utf8') : text,
    };
  }

  return {
    url: `http://127.0.0.1:${port}/${STAGE}`,
    requests,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function pattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{[a-z]+\}/g, '[^/]+')}$`);
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

/** Written from the description of Signature Version 4 (IAM User Guide, "Create a signed AWS API request"). */
function verify(
  method: string,
  path: string,
  search: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
): boolean {
  const { authorization = '', 'x-amz-date': date, 'x-amz-security-token': token } = headers;
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)\/(\d{8}\/([a-z0-9-]+)\/execute-api\/aws4_request), SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  const [, key, scope = '', region, names = '', signature = ''] = parts ?? [];
  if (key !== CREDENTIALS.accessKeyId || region !== REGION || token !== CREDENTIALS.sessionToken)
    return false;
  const time = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(date));
  if (time === null || !scope.startsWith(String(date).slice(0, 8))) return false;
  const [, year, month, day, hour, minute, second] = time;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Math.abs(Date.now() - at) > 300_000) return false;
  const signed = names.split(';');
  if (!['host', 'x-amz-date', 'x-amz-security-token'].every((name) => signed.includes(name))) return false;
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...new URLSearchParams(search)]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const canonical = [
    method,
    path.split('/').map(encode).join('/'),
    query,
    ...signed.map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    names,
    sha256(body),
  ].join('\n');
  const signingKey = scope
    .split('/')
    .reduce<string | Buffer>((last, part) => hmac(last, part), `AWS4${CREDENTIALS.secretAccessKey}`);
  const expected = hmac(signingKey, ['AWS4-HMAC-SHA256', String(date), scope, sha256(canonical)].join('\n'));
  return timingSafeEqual(expected, Buffer.from(signature, 'hex'));
}
