// SPDX-License-Identifier: Apache-2.0
import { createHmac, createSecretKey, hash } from 'node:crypto';
import type { ParentCredentials } from '@enclave-vault/protocol';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SERVICE = 'kms';

/** A POST to `/` without a query, as all calls of the JSON protocol are. */
export interface UnsignedRequest {
  readonly region: string;
  /** Lower-case names; `host` among them. All of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * AWS Signature Version 4 (AWS General Reference, "Create a signed AWS API request").
 * @param time ms since the epoch
 * @returns the request's headers with those that authenticate it
 */
export function sign(
  { region, headers, body }: UnsignedRequest,
  credentials: ParentCredentials,
  time: number,
): Record<string, string> {
  const timestamp = new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const date = timestamp.slice(0, 8);
  const scope = `${date}/${region}/${SERVICE}/aws4_request`;
  const signed: Record<string, string> = { ...headers, 'x-amz-date': timestamp };
  if (credentials.sessionToken !== null) signed['x-amz-security-token'] = credentials.sessionToken;

  const names = Object.keys(signed).sort();
  const canonicalHeaders = names.map((name) => `${name}:${signed[name]?.trim()}\n`).join('');
  const signedHeaders = names.join(';');
  const canonicalRequest = ['POST', '/', '', canonicalHeaders, signedHeaders, sha256(body)].join('\n');
  const stringToSign = [ALGORITHM, timestamp, scope, sha256(canonicalRequest)].join('\n');

  const key = [date, region, SERVICE, 'aws4_request'].reduce<Buffer>(
    (secret, part) => hmac(secret, part),
    Buffer.from(`AWS4${credentials.secretAccessKey}`),
  );
  const signature = hmac(key, stringToSign).toString('hex');
  const authorization = `${ALGORITHM} Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
  return { ...signed, authorization };
}

function sha256(text: string): string {
  return hash('sha256', text);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', createSecretKey(key)).update(text).digest();
}
