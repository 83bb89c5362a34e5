// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { call } from '../../src/aws/errors.ts';
import { DeployError } from '../../src/errors.ts';
import { refusal } from '../support/tools.ts';

const named = (name: string, message = 'why') => Object.assign(new Error(message), { name });
const of = (error: Error) => refusal(call('DoThing', () => Promise.reject(error)));

describe('what the SDK throws', () => {
  test.each([
    ['CredentialsProviderError', 'Could not load credentials from any providers', 'credentials_missing'],
    [
      'CredentialsProviderError',
      'Token is expired. To refresh this SSO session run aws sso login',
      'credentials_expired',
    ],
    ['ExpiredToken', 'The security token included in the request is expired', 'credentials_expired'],
    ['ExpiredTokenException', '', 'credentials_expired'],
    ['InvalidClientTokenId', 'The security token included in the request is invalid', 'credentials_missing'],
    ['UnrecognizedClientException', '', 'credentials_missing'],
    ['SignatureDoesNotMatch', '', 'credentials_missing'],
    [
      'AccessDenied',
      'User: arn:aws:sts::1:assumed-role/x/y is not authorized to perform: s3:PutObject',
      'access_denied',
    ],
    ['AccessDeniedException', '', 'access_denied'],
    ['UnauthorizedOperation', '', 'access_denied'],
    ['Throttling', 'Rate exceeded', 'service_failed'],
    ['TypeError', 'x is not a function', 'service_failed'],
  ])('%s (%s) is %s', async (name, message, code) => {
    expect((await of(named(name, message))).code).toBe(code);
  });

  test('is told with the operation and AWS’s own words, on one line of bounded length', async () => {
    expect((await of(named('AccessDenied', 'User: x is not\n authorized'))).text).toBe(
      'DoThing: User: x is not authorized',
    );
    const long = await of(
      named('UnauthorizedOperation', `no. Encoded authorization failure message: ${'A'.repeat(5000)}`),
    );
    expect(long.text).toBe('DoThing: no.');
    expect((await of(named('Other', 'x'.repeat(5000)))).text.length).toBeLessThan(600);
  });

  test('our own errors pass as they are', async () => {
    const ours = new DeployError('upload_mismatch', 'ours');
    await expect(call('DoThing', () => Promise.reject(ours))).rejects.toBe(ours);
  });
});
