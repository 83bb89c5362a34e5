// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseConfig } from '../src/config.ts';

const CONFIG = {
  stateFile: '/data/nitro.json',
  runDirectory: '/run/v',
  controlSocket: '/run/v/control.sock',
  roleArn: 'arn:aws:iam::123456789012:role/vault/instance',
  instanceId: 'i-0123456789abcdef0',
  node: '/usr/bin/node',
};

test('reads what the contract names, and what is optional', () => {
  expect(parseConfig(CONFIG)).toEqual(CONFIG);
  const full = { ...CONFIG, stateFile: null, region: 'eu-central-1', requireIsolation: ['private_root'] };
  expect(parseConfig(full)).toEqual(full);
});

test.each([
  ['no object', null],
  ['no state file, which is not null', { ...CONFIG, stateFile: undefined }],
  ['a relative folder', { ...CONFIG, runDirectory: 'run' }],
  ['no socket', { ...CONFIG, controlSocket: undefined }],
  ['a user as role', { ...CONFIG, roleArn: 'arn:aws:iam::123456789012:user/me' }],
  ['an instance id of another form', { ...CONFIG, instanceId: 'instance' }],
  ['a node that is looked up', { ...CONFIG, node: 'node' }],
  ['a region with a slash', { ...CONFIG, region: 'a/b' }],
  ['isolation that is no list', { ...CONFIG, requireIsolation: 'pid' }],
  ['an unknown member', { ...CONFIG, toolPath: ['/tmp'] }],
])('%s: config_invalid', (_, value) => {
  expect(() => parseConfig(value)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
});
