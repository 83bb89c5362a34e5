// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { networkPlace, socketOrNetworkPlace, Unwanted } from '../src/index.ts';

it.each([
  ['unix:/run/vault/parent.sock', { unix: '/run/vault/parent.sock' }],
  ['https://parent.internal:8443', { host: 'parent.internal', port: 8443 }],
  ['https://parent.internal/', { host: 'parent.internal', port: 443 }],
  ['https://[::1]:8443', { host: '::1', port: 8443 }],
])('reads %s', (given, place) => {
  expect(socketOrNetworkPlace().read(given)).toEqual(place);
});

it('has the port of its protocol where none is named', () => {
  expect(networkPlace('http:').read('http://0.0.0.0')).toEqual({ host: '0.0.0.0', port: 80 });
});

it.each([
  '',
  'unix:relative.sock',
  'parent.internal:8443',
  'http://parent.internal:8443',
  'https://user:secret@parent.internal',
  'https://parent.internal/path',
  'https://parent.internal?query',
  'https://parent.internal:99999',
  'https://:8443',
  8443,
  null,
])('refuses %j, and quotes nothing of it', (given) => {
  expect(() => socketOrNetworkPlace().read(given)).toThrow(Unwanted);
  expect(() => socketOrNetworkPlace().read(given)).toThrow(/^not what is wanted$/);
});
