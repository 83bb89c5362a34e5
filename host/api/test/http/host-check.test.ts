// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { isLoopback, isServedHost } from '../../src/http/host-check.ts';

const allowed = new Set(['vault.example.com']);

test.each([
  'localhost',
  'LOCALHOST:8080',
  '127.0.0.1',
  '127.8.9.10:1',
  '[::1]',
  '[::1]:8080',
  'Vault.Example.com:443',
])('serves %s', (host) => expect(isServedHost(host, allowed)).toBe(true));

test.each([
  undefined,
  '',
  'evil.example',
  'localhost.evil.example',
  'vault.example.com.evil.example',
  '127.0.0.1.evil.example',
  '0.0.0.0',
  '10.0.0.1',
  '[::]',
  '::1',
  'localhost:',
  'localhost:80:80',
  'user@localhost',
  'localhost/',
  'localhost, evil.example',
  ' localhost',
  '[::ffff:10.0.0.1]',
])('does not serve %j', (host) => expect(isServedHost(host, allowed)).toBe(false));

test('loopback is what reaches this machine only', () => {
  expect(['127.0.0.1', '::1', 'localhost'].every(isLoopback)).toBe(true);
  expect(['0.0.0.0', '::', '192.168.0.1', 'example.com', '128.0.0.1', ''].some(isLoopback)).toBe(false);
});
