// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Peers } from '../../src/process/peers.ts';

let folder: string;
const open: { close(): unknown }[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'peers-'));
});
afterEach(() => {
  for (const one of open.splice(0)) one.close();
  rmSync(folder, { recursive: true, force: true });
});

async function member(number: number, text = ''): Promise<Peers> {
  const peers = new Peers(folder, number);
  peers.show(async () => text);
  await peers.join();
  open.push(peers);
  return peers;
}

async function listening(): Promise<number> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(server);
  return (server.address() as AddressInfo).port;
}

const BOTH = '# TYPE a gauge\na{process="1"} 1\na{process="2"} 2\n';

describe('processes at one port', () => {
  it('show figures of each other', async () => {
    const first = await member(1, '# TYPE a gauge\na 1\n');
    const second = await member(2, '# TYPE a gauge\na 2\n');
    for (const peers of [first, second])
      await vi.waitFor(async () => expect(await peers.figures()).toContain(BOTH), 60_000);
  });

  it('say of one that is gone that it is', async () => {
    const first = await member(1);
    writeFileSync(join(folder, 'api-2.sock'), '');
    expect(await first.figures()).toContain('enclave_vault_process_up{process="2"} 0');
  });

  it('take the place of one that was killed, and of none that lives', async () => {
    writeFileSync(join(folder, 'api-1.sock'), '');
    await member(1);
    await expect(member(1)).rejects.toThrow('cluster.member is taken by another process');
  });

  it('refuse a port at which somebody else answers', async () => {
    const port = await listening();
    const first = await member(1);
    await expect(first.demandPort('127.0.0.1', port)).rejects.toThrow('port is in use');
    await expect(first.demandPort('0.0.0.0', port)).rejects.toThrow('port is in use');
    await expect(first.demandPort('127.0.0.1', 0)).resolves.toBeUndefined();
  });

  it('share one at which others of their folder answer', async () => {
    const port = await listening();
    await member(1);
    await expect((await member(2)).demandPort('127.0.0.1', port)).resolves.toBeUndefined();
  });

  it('do not take a socket that a killed process left behind for one that lives', async () => {
    const port = await listening();
    writeFileSync(join(folder, 'api-2.sock'), '');
    await expect((await member(1)).demandPort('127.0.0.1', port)).rejects.toThrow('port is in use');
  });

  it('refuse a folder that others may look into, or that is none', () => {
    chmodSync(folder, 0o750);
    expect(() => new Peers(folder, 1)).toThrow('mode 0700');
    chmodSync(folder, 0o700);
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => new Peers(file, 1)).toThrow('not a folder');
    expect(() => new Peers(join(folder, 'none'), 1)).toThrow('not a folder');
    mkdirSync(join(folder, 'inner'), { mode: 0o700 });
    expect(() => new Peers(join(folder, 'inner'), 1)).not.toThrow();
  });
});
