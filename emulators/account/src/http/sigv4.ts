// SPDX-License-Identifier: Apache-2.0
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { AwsError } from '../errors.ts';

/*
 * IAM User Guide, "Create a signed AWS API request": header-based, for every service. S3 encodes a path once, all others
 * twice, and S3 takes bodies that are not under the signature.
 */

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** ms since the epoch: refused from then on. */
  readonly expiresAt?: number;
}

export interface SignedRequest {
  readonly method: string;
  /** As it came, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export interface Scope {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
}

const HEADER =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;

/** What a request says of itself, unverified. @throws {AwsError} MissingAuthenticationToken, IncompleteSignature */
export function scopeOf(request: SignedRequest): Scope {
  const { accessKeyId, region, service } = parse(request);
  return { accessKeyId, region, service };
}

/**
 * @param now ms since the epoch, of the account's clock
 * @throws {AwsError} InvalidClientTokenId, ExpiredToken, SignatureDoesNotMatch
 */
export function verify(request: SignedRequest, credentials: Credentials | undefined, now: number): void {
  const { date, region, service, signedHeaders, signature } = parse(request);
  if (credentials === undefined) {
    throw new AwsError('InvalidClientTokenId', 'The security token included in the request is invalid.', {
      status: 403,
    });
  }
  if (credentials.sessionToken !== request.headers.get('x-amz-security-token')) {
    throw new AwsError('InvalidClientTokenId', 'The security token included in the request is invalid.', {
      status: 403,
    });
  }
  if (credentials.expiresAt !== undefined && credentials.expiresAt <= now) {
    throw new AwsError('ExpiredToken', 'The security token included in the request is expired', {
      status: 403,
    });
  }
  const given = request.headers.get('x-amz-content-sha256');
  const payload = given ?? sha256(request.body);
  const unsigned = service === 's3' && (payload === 'UNSIGNED-PAYLOAD' || payload.startsWith('STREAMING-'));
  if (!unsigned && payload !== sha256(request.body)) throw mismatch();
  const stamp = request.headers.get('x-amz-date') ?? '';
  const canonical = [
    request.method,
    canonicalPath(request.path, service),
    canonicalQuery(request.query),
    ...signedHeaders.map((name) => `${name}:${(request.headers.get(name) ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    signedHeaders.join(';'),
    payload,
  ].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope, sha256(canonical)].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<Buffer>(
    hmac,
    Buffer.from(`AWS4${credentials.secretAccessKey}`),
  );
  if (!timingSafeEqual(hmac(key, toSign), Buffer.from(signature, 'hex'))) throw mismatch();
}

function parse(
  request: SignedRequest,
): Scope & { date: string; signedHeaders: readonly string[]; signature: string } {
  const header = request.headers.get('authorization');
  if (header === undefined)
    throw new AwsError('MissingAuthenticationToken', 'Missing Authentication Token', { status: 403 });
  const match = HEADER.exec(header);
  if (match === null)
    throw new AwsError('IncompleteSignature', 'Authorization header is malformed.', { status: 403 });
  const [, accessKeyId = '', date = '', region = '', service = '', names = '', signature = ''] = match;
  return { accessKeyId, date, region, service, signedHeaders: names.split(';'), signature };
}

function canonicalPath(path: string, service: string): string {
  const once = path === '' ? '/' : path;
  return service === 's3' ? once : once.split('/').map(encode).join('/');
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

function mismatch(): AwsError {
  return new AwsError(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided.',
    { status: 403 },
  );
}
