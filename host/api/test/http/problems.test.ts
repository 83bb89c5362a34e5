// SPDX-License-Identifier: Apache-2.0
import { invalid, memberError, VaultError } from '@enclave-vault/vault';
import { expect, test } from 'vitest';
import { ApiError, PROBLEMS } from '../../src/errors.ts';
import { toProblem } from '../../src/http/problems.ts';

test('says status, phrase, code, meaning and request id', () => {
  const { problem, headers } = toProblem(new ApiError('json_too_deep'), 'req_1');
  expect(problem).toEqual({
    title: 'Bad Request',
    status: 400,
    code: 'json_too_deep',
    detail: PROBLEMS.json_too_deep[1],
    request_id: 'req_1',
  });
  expect(headers).toEqual({});
});

test('lists bad members', () => {
  const { problem } = toProblem(invalid(memberError('/dob', 'format')), 'r');
  expect(problem).toMatchObject({ status: 422, errors: [{ path: '/dob', code: 'format' }] });
});

test('adds the headers that a status needs', () => {
  expect(toProblem(new VaultError('kms_unavailable'), 'r').headers).toEqual({ 'retry-after': '1' });
  expect(toProblem(new ApiError('starting', { retryAfter: 3 }), 'r').headers).toEqual({ 'retry-after': '3' });
  expect(toProblem(new VaultError('unauthenticated'), 'r').headers).toHaveProperty('www-authenticate');
  expect(toProblem(new ApiError('method_not_allowed', { allow: ['GET', 'HEAD'] }), 'r').headers).toEqual({
    allow: 'GET, HEAD',
  });
});

test.each([
  [new Error('with a secret in it')],
  [Object.assign(new Error('secret'), { code: 'ENOENT', statusCode: 404 })],
  ['secret'],
  [undefined],
  [Object.assign(new Error('secret'), { code: 'FST_ERR_OF_TOMORROW', statusCode: 418 })],
])('anything unknown is internal and says nothing', (error) => {
  const { problem } = toProblem(error, 'r');
  expect(problem.code).toBe('internal');
  expect(JSON.stringify(problem)).not.toContain('secret');
});

test.each([
  ['FST_ERR_CTP_BODY_TOO_LARGE', 413],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 415],
  ['FST_ERR_BAD_URL', 400],
  ['HPE_HEADER_OVERFLOW', 431],
  ['HPE_INVALID_METHOD', 400],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
])('%s is %i', (code, status) => {
  expect(toProblem(Object.assign(new Error(), { code }), 'r').problem.status).toBe(status);
});

test('codes are stable words', () => {
  for (const [code, [status, message]] of Object.entries(PROBLEMS)) {
    expect(code).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(message).not.toMatch(/\.$/);
  }
});
