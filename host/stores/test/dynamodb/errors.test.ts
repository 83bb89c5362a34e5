// SPDX-License-Identifier: Apache-2.0
import { StoreConflict, StoreError } from '@enclave-vault/vault';
import { describe, expect, it } from 'vitest';
import { asStoreError, cancellation } from '../../src/dynamodb/dynamodb-errors.ts';

function named(name: string, members: object = {}): Error {
  return Object.assign(new Error('a message with SECRET in it'), { name, ...members });
}

const cancelled = (...codes: (string | undefined)[]) => {
  return cancellation(
    named('TransactionCanceledException', { CancellationReasons: codes.map((Code) => ({ Code })) }),
  );
};

describe('an error of DynamoDB', () => {
  it.each([
    ['ResourceNotFoundException', 'not_a_vault'],
    ['ValidationException', 'invalid'],
    ['ItemCollectionSizeLimitExceededException', 'invalid'],
    ['AccessDeniedException', 'unavailable'],
    ['ProvisionedThroughputExceededException', 'unavailable'],
    ['RequestLimitExceeded', 'unavailable'],
    ['InternalServerError', 'unavailable'],
    ['TimeoutError', 'unavailable'],
    ['DeadlinePassed', 'unavailable'],
    ['ExpiredTokenException', 'unavailable'],
  ])('%s is %s, and says its name and nothing else', (name, code) => {
    const error = asStoreError('GetItem', named(name));
    expect(error).toMatchObject({ code, message: `GetItem: ${name}` });
    expect(error.cause).toBeUndefined();
  });

  it('without a name that is a word has none', () => {
    expect(asStoreError('GetItem', named('SECRET value')).message).toBe('GetItem: unknown');
    expect(asStoreError('GetItem', 'SECRET').message).toBe('GetItem: unknown');
  });

  it('stays what it is when it is the store’s', () => {
    const error = new StoreError('corrupt');
    expect(asStoreError('GetItem', error)).toBe(error);
  });
});

describe('a cancelled transaction', () => {
  it('is a conflict of the first operation whose condition failed', () => {
    expect(cancelled('None', 'ConditionalCheckFailed', 'ConditionalCheckFailed')).toEqual({
      error: new StoreConflict(1),
    });
    expect(cancelled('TransactionConflict', 'None', 'ConditionalCheckFailed')).toEqual({
      error: new StoreConflict(2),
    });
  });

  it.each(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])(
    'may be tried again after %s',
    (code) => {
      expect(cancelled('None', code)).toEqual({ again: code });
    },
  );

  it('is invalid when an operation is', () => {
    expect(cancelled('TransactionConflict', 'ValidationError')).toMatchObject({ error: { code: 'invalid' } });
    expect(cancelled('ItemCollectionSizeLimitExceeded')).toMatchObject({ error: { code: 'invalid' } });
  });

  it.each([[['SomethingNew']], [['TransactionConflict', 'SomethingNew']], [['None']], [[]]])(
    'is out of reach for reasons unknown: %j',
    (codes) => {
      expect(cancelled(...codes)).toMatchObject({ error: { code: 'unavailable' } });
    },
  );

  it('is out of reach when its reasons cannot be read', () => {
    expect(cancellation(named('TransactionCanceledException'))).toMatchObject({
      error: { code: 'unavailable' },
    });
    expect(cancelled(undefined)).toMatchObject({ error: { code: 'unavailable' } });
  });

  it('is no other error', () => {
    expect(cancellation(named('ThrottlingException'))).toBeUndefined();
  });
});
