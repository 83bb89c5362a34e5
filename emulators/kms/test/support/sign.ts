// SPDX-License-Identifier: Apache-2.0
import { createHash, createHmac } from 'node:crypto';
import type { PrincipalConfig } from '../../src/config.ts';

export interface Signing {
  /** X-Amz-Date; now by default. */
  readonly time?: string;
  /** Date, region, service and terminator of the credential scope. */
  readonly date?: string;
  readonly region?: string;
  readonly service?: string;
  readonly terminator?: string;
  readonly accessKeyId?: string;
  /** Names of the headers to sign; all by default. */
  readonly signed?: readonly string[];
  /** Beside host, content-type, x-amz-date and x-amz-target. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** X-Amz-Date of a time. @param ms since the epoch */
export function amzDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/**
 * Signs a request with Signature Version 4 after the steps of the IAM User Guide: written apart from the verifier, so
 * that it is not held against itself.
 * @returns all headers of the request
 */
export function sign(
  { accessKeyId: ownId, secretAccessKey }: PrincipalConfig,
  body: string | Buffer,
  options: Signing = {},
): Record<string, string> {
  const { time = amzDate(Date.now()), region = 'eu-central-1', accessKeyId = ownId } = options;
  const { date = time.slice(0, 8), service = 'kms', terminator = 'aws4_request' } = options;
  const headers: Record<string, string> = {
    host: 'localhost',
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-date': time,
    'x-amz-target': 'TrentService.ListKeys',
    ...options.headers,
  };
  const signed = options.signed ?? Object.keys(headers).sort();
  const hash = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
  const mac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
  const canonical = [
    'POST',
    '/',
    '',
    ...signed.map((name) => `${name}:${headers[name]?.trim().replaceAll(/ +/g, ' ')}`),
    '',
    signed.join(';'),
    hash(body),
  ].join('\n');
  const scope = [date, region, service, terminator].join('/');
  let key = mac(`AWS4${secretAccessKey}`, date);
  for (const part of [region, service, terminator]) key = mac(key, part);
  const signature = mac(key, ['AWS4-HMAC-SHA256', time, scope, hash(canonical)].join('\n')).toString('hex');
  const credential = `Credential=${accessKeyId}/${scope}`;
  headers.authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${signed.join(';')}, Signature=${signature}`;
  return headers;
}
