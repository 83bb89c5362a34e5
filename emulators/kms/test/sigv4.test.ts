// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { PrincipalConfig } from '../src/config.ts';
import { SignatureVerifier, type SignedRequest } from '../src/sigv4.ts';
import { amzDate, type Signing, sign as signHeaders } from './support/sign.ts';

const NOW = Date.UTC(2026, 2, 4, 12, 30, 0);
const principal: PrincipalConfig = {
  arn: 'arn:aws:iam::111122223333:role/api',
  accessKeyId: 'AKIAEXAMPLE000000001',
  secretAccessKey: 'not-a-secret-of-anybody',
  identityPolicies: [],
};
const withToken: PrincipalConfig = {
  ...principal,
  accessKeyId: 'ASIAEXAMPLE000000002',
  sessionToken: 'token-2',
};
const verifier = new SignatureVerifier([principal, withToken], 'eu-central-1');

function sign(body: string, options: Signing = {}): SignedRequest {
  return request(signHeaders(principal, body, { time: amzDate(NOW), ...options }), body);
}

function request(headers: Readonly<Record<string, string>>, body: string): SignedRequest {
  return {
    method: 'POST',
    path: '/',
    headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value]])),
    body: Buffer.from(body),
  };
}

function altered(signed: SignedRequest, name: string, value: string): SignedRequest {
  return { ...signed, headers: new Map(signed.headers).set(name, [value]) };
}

function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
  return 'accepted';
}

const verify = (signed: SignedRequest, now = NOW) => codeOf(() => verifier.verify(signed, now));

describe('SignatureVerifier', () => {
  it('accepts a signed request and says who signed it', () => {
    expect(verifier.verify(sign('{}'), NOW)).toBe(principal);
  });

  it('folds spaces in header values as the specification does', () => {
    expect(verify(sign('{}', { headers: { 'user-agent': 'a   b  c' } }))).toBe('accepted');
  });

  it('is not satisfied by a signature that holds for something else', () => {
    const signed = sign('{"Limit":1}');
    expect(verify({ ...signed, body: Buffer.from('{"Limit":2}') })).toBe('InvalidSignatureException');
    expect(verify({ ...signed, method: 'PUT' })).toBe('InvalidSignatureException');
    expect(verify({ ...signed, path: '/x' })).toBe('InvalidSignatureException');
    expect(verify(altered(signed, 'host', 'other'))).toBe('InvalidSignatureException');
    expect(verify(altered(signed, 'x-amz-target', 'TrentService.CreateKey'))).toBe(
      'InvalidSignatureException',
    );
    expect(verify(altered(signed, 'x-amz-date', '20260304T123001Z'))).toBe('InvalidSignatureException');
    expect(verify(altered(signed, 'x-amz-content-sha256', 'UNSIGNED-PAYLOAD'))).toBe(
      'InvalidSignatureException',
    );
  });

  it.each([
    ['region', { region: 'us-east-1' }],
    ['service', { service: 's3' }],
    ['terminator', { terminator: 'aws5_request' }],
    ['date of the scope', { date: '20260303' }],
    ['an unsigned target', { signed: ['host', 'x-amz-date'] }],
    ['an unsigned date', { signed: ['host', 'x-amz-target'] }],
    ['an unsigned host', { signed: ['x-amz-date', 'x-amz-target'] }],
    [
      'an unsigned x-amz- header',
      { headers: { 'x-amz-other': '1' }, signed: ['host', 'x-amz-date', 'x-amz-target'] },
    ],
    ['a signed header that is not there', { signed: ['host', 'x-amz-date', 'x-amz-target', 'zz'] }],
    ['a date that is none', { time: '20269904T123000Z' }],
  ])('refuses a well-signed request with the wrong %s', (_, options) => {
    expect(verify(sign('{}', options))).toBe('InvalidSignatureException');
  });

  it('allows five minutes either way', () => {
    const signed = sign('{}');
    expect(verify(signed, NOW + 300_000)).toBe('accepted');
    expect(verify(signed, NOW + 300_001)).toBe('InvalidSignatureException');
    expect(verify(signed, NOW - 300_000)).toBe('accepted');
    expect(verify(signed, NOW - 300_001)).toBe('InvalidSignatureException');
  });

  it('demands exactly the session token that belongs to the access key', () => {
    const { accessKeyId } = withToken;
    const token = (value: string) => ({ accessKeyId, headers: { 'x-amz-security-token': value } });
    expect(verify(sign('{}', token('token-2')))).toBe('accepted');
    expect(verify(sign('{}', token('token-3')))).toBe('UnrecognizedClientException');
    expect(verify(sign('{}', { accessKeyId }))).toBe('UnrecognizedClientException');
    expect(verify(sign('{}', { headers: { 'x-amz-security-token': 'token-2' } }))).toBe(
      'UnrecognizedClientException',
    );
  });

  it('refuses unknown keys, and requests without or with half an Authorization', () => {
    expect(verify(sign('{}', { accessKeyId: 'AKIAEXAMPLE000000009' }))).toBe('UnrecognizedClientException');
    expect(verify(request({ host: 'localhost' }, '{}'))).toBe('MissingAuthenticationTokenException');
    const signed = sign('{}');
    const header = signed.headers.get('authorization')?.[0] ?? '';
    for (const broken of [
      header.replace('AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA1'),
      header.replace(/, SignedHeaders=[^,]+/, ''),
      header.replace(/Signature=.*/, 'Signature=00'),
      header.replace('/kms/', '/'),
      `${header}, Signature=${'0'.repeat(64)}`,
      header.replace('content-type;host', 'host;content-type'),
    ]) {
      expect(verify(altered(signed, 'authorization', broken)), broken).toBe('IncompleteSignatureException');
    }
    const twice = {
      ...signed,
      headers: new Map(signed.headers).set('x-amz-date', ['20260304T123000Z', 'x']),
    };
    expect(verify(twice)).toBe('IncompleteSignatureException');
  });
});
