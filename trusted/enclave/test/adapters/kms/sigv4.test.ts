// SPDX-License-Identifier: Apache-2.0
import { createHash, createHmac } from 'node:crypto';
import type { ParentCredentials } from '@enclave-vault/protocol';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sign, type UnsignedRequest } from '../../../src/adapters/kms/sigv4.ts';

/** SHA-256 in the form that the SDK's signer wants it in. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const key = typeof secret === 'object' ? Buffer.from(secret as Uint8Array) : secret;
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key);
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(data as string | Uint8Array);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}

/** The signature of AWS's own SDK for JavaScript over the same request. */
async function signedBySdk(
  { region, headers, body }: UnsignedRequest,
  { accessKeyId, secretAccessKey, sessionToken }: ParentCredentials,
  time: number,
): Promise<Record<string, string>> {
  const signer = new SignatureV4({
    service: 'kms',
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === null ? {} : { sessionToken }) },
    sha256: Sha256,
    applyChecksum: false,
  });
  const request = {
    method: 'POST',
    protocol: 'https:',
    hostname: headers.host ?? '',
    path: '/',
    query: {},
    headers: { ...headers },
    body,
  };
  return (await signer.sign(request, { signingDate: new Date(time) })).headers;
}

const HEADERS = {
  host: 'kms.eu-central-1.amazonaws.com',
  'content-type': 'application/x-amz-json-1.1',
  'x-amz-target': 'TrentService.Decrypt',
};
const visible = (max: number) => fc.stringMatching(new RegExp(`^[\\x21-\\x7e]{1,${max}}$`));

test('property: the same headers as the AWS SDK’s signer', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        accessKeyId: fc.stringMatching(/^[A-Z0-9]{16,20}$/),
        secretAccessKey: visible(60),
        sessionToken: fc.option(visible(200)),
        expiration: fc.constant(null),
      }),
      fc.constantFrom('eu-central-1', 'us-gov-west-1'),
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
      fc.constantFrom('kms.eu-central-1.amazonaws.com', 'kms.us-east-1.vault.internal:4566'),
      async (credentials, region, body, date, host) => {
        const request = { region, headers: { ...HEADERS, host }, body: body.toWellFormed() };
        const ours = sign(request, credentials, date.getTime());
        expect(ours).toEqual(await signedBySdk(request, credentials, date.getTime()));
      },
    ),
    { numRuns: 100 },
  );
});

test('every header is signed, the token included', () => {
  const credentials = {
    accessKeyId: 'A'.repeat(20),
    secretAccessKey: 's',
    sessionToken: 't',
    expiration: null,
  };
  const { authorization } = sign({ region: 'eu-central-1', headers: HEADERS, body: '{}' }, credentials, 0);
  expect(authorization).toContain(
    'SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target',
  );
  expect(authorization).toContain('/19700101/eu-central-1/kms/aws4_request');
});

test('blanks around a value are sent, and not signed', async () => {
  const credentials = {
    accessKeyId: 'A'.repeat(20),
    secretAccessKey: 's',
    sessionToken: null,
    expiration: null,
  };
  const request = { region: 'eu-central-1', headers: { ...HEADERS, 'x-note': '  a b ' }, body: '{}' };
  const plain = { ...request, headers: { ...HEADERS, 'x-note': 'a b' } };
  const { authorization } = sign(request, credentials, 0);
  expect(authorization).toBe((await signedBySdk(request, credentials, 0)).authorization);
  expect(authorization).toBe(sign(plain, credentials, 0).authorization);
});
