// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { classify } from '../src/index.ts';

const error = (name: string, message = '', members: object = {}): Error =>
  Object.assign(new Error(message), { name, ...members });
const because = (words: string): Error =>
  error(
    'AccessDeniedException',
    `User: arn:aws:sts::111122223333:assumed-role/vault-canary-inside/x is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-central-1:111122223333:key/mrk-1 ${words}`,
  );
const failed = (thrown: unknown) => classify({ done: false, error: thrown });

describe('what an answer means', () => {
  it('takes the key policy’s own Deny for the expected refusal', () => {
    expect(failed(because('with an explicit deny in a resource-based policy'))).toEqual({
      outcome: 'ExpectedDenied',
      reason: 'key_policy',
    });
  });

  it.each([
    'because no identity-based policy allows the kms:Decrypt action',
    'because no resource-based policy allows the kms:Decrypt action',
    'because no permissions boundary allows the kms:Decrypt action',
    'because no VPC endpoint policy allows the kms:Decrypt action',
    'with an explicit deny in an identity-based policy',
    'with an explicit deny in a permissions boundary',
    'with an explicit deny in a service control policy',
    'with an explicit deny in a resource control policy',
    'with an explicit deny in a VPC endpoint policy',
    '',
  ])('takes no other refusal for it: %s', (words) => {
    expect(failed(because(words))).toEqual({ outcome: 'CanaryError', reason: 'refused_by_something_else' });
  });

  it('raises the alarm for success, and for a dry run that would have succeeded', () => {
    expect(classify({ done: true }).outcome).toBe('UnexpectedAllow');
    expect(failed(error('DryRunOperationException')).outcome).toBe('UnexpectedAllow');
  });

  it('does so whatever the message says', () => {
    const misleading = error('DryRunOperationException', 'explicit deny in a resource-based policy');
    expect(failed(misleading).outcome).toBe('UnexpectedAllow');
    const other = error('KMSInvalidStateException', 'explicit deny in a resource-based policy');
    expect(failed(other).outcome).toBe('CanaryError');
  });

  it.each([
    [error('NotFoundException'), 'NotFoundException'],
    [error('ExpiredTokenException'), 'ExpiredTokenException'],
    [error('ThrottlingException'), 'ThrottlingException'],
    [error('ValidationException'), 'ValidationException'],
    [error('Error', 'connect', { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [error('a name with\nlines and a secret'), 'unknown'],
    [error('X'.repeat(65)), 'unknown'],
    ['a string', 'unknown'],
    [undefined, 'unknown'],
  ])('calls everything else an error of its own: %s', (thrown, reason) => {
    expect(failed(thrown)).toEqual({ outcome: 'CanaryError', reason });
  });
});
