// SPDX-License-Identifier: Apache-2.0
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { keys } from '../src/commands/keys.ts';
import { findRunning, openControl } from '../src/dev/control.ts';

const dir = mkdtempSync(join(tmpdir(), 'ev-c-'));
const file = join(dir, 'running.json');
const control = join(dir, 'control.sock');
const running = { url: 'http://127.0.0.1:1', pid: process.pid, control };
const open = (pid: number = process.pid) => openControl(running, file, { '/pids': () => ({ dev: pid }) });
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('the vault that runs on a data folder', () => {
  it('is found while it answers, and not afterwards', async () => {
    expect(await findRunning(file)).toBeUndefined();
    const server = await open();
    expect(await findRunning(file)).toEqual(running);
    await server.close();
    expect(existsSync(file)).toBe(false);
    expect(await findRunning(file)).toBeUndefined();
  });

  it('is not one that was killed and left its word behind', async () => {
    writeFileSync(file, JSON.stringify(running));
    expect(await findRunning(file)).toBeUndefined();
    writeFileSync(file, JSON.stringify({ ...running, control: join(dir, 'gone', 'control.sock') }));
    expect(await findRunning(file)).toBeUndefined();
  });

  it('is not whoever answers in a folder that others may write to', async () => {
    const server = await open();
    chmodSync(dir, 0o777);
    expect(await findRunning(file)).toBeUndefined();
    chmodSync(dir, 0o700);
    expect(await findRunning(file)).toEqual(running);
    await server.close();
  });

  it('is not another one', async () => {
    const server = await open(1);
    expect(await findRunning(file)).toBeUndefined();
    await server.close();
  });

  it('that is gone: nobody on its port is sent the key', async () => {
    const heard: unknown[] = [];
    const impostor = createServer((request, response) => {
      heard.push(request.headers.authorization);
      response.end('{}');
    });
    await new Promise<void>((done) => impostor.listen(0, '127.0.0.1', done));
    const { port } = impostor.address() as { port: number };
    writeFileSync(file, JSON.stringify({ ...running, url: `http://127.0.0.1:${port}` }));
    writeFileSync(join(dir, 'admin.key'), 'evk_secret');
    await expect(keys(['list', '--data', dir])).rejects.toMatchObject({ code: 'vault_not_running' });
    expect(heard).toEqual([]);
    impostor.close();
  });
});
