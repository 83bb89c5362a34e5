// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PARENT } from '../src/settings/role.ts';

const unit = readFileSync(
  join(import.meta.dirname, '../../../deploy/systemd/enclave-vault-parent.service'),
  'utf8',
);
const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1];
const defaultOf = (path: string) =>
  PARENT.settings.map((setting) => ({ ...setting })).find((setting) => setting.path === path) as
    | { default?: unknown }
    | undefined;

test('systemd waits longer for the parent than the parent does for its requests and enclaves', () => {
  const drain = Number(defaultOf('drainSeconds')?.default);
  // Enclaves have five seconds to end, and what is left two.
  expect(Number(value('TimeoutStopSec'))).toBeGreaterThan(drain + 5 + 2);
  expect(value('KillMode')).toBe('mixed');
});

test('a refused configuration is not tried again, everything else is', () => {
  expect(value('Restart')).toBe('always');
  expect(value('RestartPreventExitStatus')).toBe('2');
});

test('runs as nobody in particular, with the one device it needs', () => {
  expect(value('User')).toBe('enclave-vault');
  expect(value('CapabilityBoundingSet')).toBe('');
  expect([value('DevicePolicy'), value('DeviceAllow')]).toEqual(['closed', '/dev/nitro_enclaves rw']);
  expect(value('RestrictAddressFamilies')?.split(' ')).toContain('AF_VSOCK');
  expect(unit).not.toMatch(/^MemoryDenyWriteExecute=/m);
});
