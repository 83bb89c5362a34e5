// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileAuditSink, SqliteStore } from '@enclave-vault/stores';
import { afterAll, expect, test } from 'vitest';
import { auditSink, table } from '../../src/doctor/checks/store.ts';
import { Clients } from '../../src/doctor/clients.ts';
import type { Subject } from '../../src/doctor/subject.ts';
import { findings } from './deployed.ts';

const folder = mkdtempSync(join(tmpdir(), 'ev-d-'));
const clients = new Clients('us-east-1', {});
afterAll(() => {
  clients.close();
  rmSync(folder, { recursive: true, force: true });
});
const subject: Subject = {
  title: '',
  production: false,
  region: 'us-east-1',
  configuration: [],
  expected: {},
  keys: [],
  callers: [{ name: 'x' }],
  endpoints: {},
  clients,
  now: Date.now,
};
const on = async (path: string) =>
  (await findings(table, { ...subject, store: { kind: 'sqlite', path } }))[''];
const sink = async (path: string) =>
  (await findings(auditSink, { ...subject, audit: { kind: 'file', path } }))[''];

test('a database of the vault opens; one that others may read is said, one that is none fails', async () => {
  const path = join(folder, 'vault.db');
  await SqliteStore.open(path).close();
  expect(await on(path)).toEqual({ status: 'ok', seen: 'opens, for its owner only' });
  chmodSync(path, 0o644);
  expect(await on(path)).toMatchObject({ status: 'warn', mend: `chmod 600 ${path}` });
  writeFileSync(join(folder, 'text'), 'no database at all, but long enough to be one '.repeat(99));
  expect(await on(join(folder, 'text'))).toMatchObject({
    status: 'fail',
    seen: expect.stringContaining('no database'),
  });
  writeFileSync(join(folder, 'empty'), '');
  expect(await on(join(folder, 'empty'))).toMatchObject({ status: 'fail' });
  expect(await on(join(folder, 'none'))).toMatchObject({
    status: 'fail',
    seen: 'the database cannot be opened',
  });
});

test('a sink can be written, can be made, or cannot', async () => {
  const path = join(folder, 'heads.log');
  expect(await sink(path)).toMatchObject({
    status: 'warn',
    seen: 'the file is not there yet, and can be made',
  });
  await (await FileAuditSink.open(path)).close();
  expect(await sink(path)).toMatchObject({ status: 'ok' });
  mkdirSync(join(folder, 'shut'));
  expect(await sink(join(folder, 'gone', 'heads.log'))).toMatchObject({ status: 'fail' });
});

test('what no role file names is skipped', async () => {
  expect((await findings(table, subject))['']?.status).toBe('skipped');
  expect((await findings(auditSink, subject))['']?.status).toBe('skipped');
});
