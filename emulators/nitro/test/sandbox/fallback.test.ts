// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HypervisorOptions } from '../../src/hypervisor.ts';
import { probeAbilities } from '../../src/sandbox/probe.ts';
import { findTools } from '../../src/sandbox/tools.ts';
import { askNsm, isAlive, openHypervisor, probe, RUN, until } from './probe.ts';

const tools = findTools();
const abilities = await probeAbilities(tools);
let toolPath: string;
let vault: Awaited<ReturnType<typeof openHypervisor>>;

beforeEach(async () => {
  toolPath = await mkdtemp(join(tmpdir(), 'evt-'));
});
afterEach(async () => {
  await vault.close();
  await rm(toolPath, { recursive: true });
});

/** A machine that has only these programs. */
async function openWith(names: readonly (keyof typeof tools)[], options: Partial<HypervisorOptions> = {}) {
  for (const name of names) await symlink(tools[name] ?? `/no/${name}`, join(toolPath, name));
  vault = await openHypervisor({ toolPath: [toolPath], ...options });
  return vault;
}

const BASE = ['sh', 'env', 'true', 'ldd'] as const;
const NO_NAMESPACES = /^(?!user|mount|network|pid|ipc|uts|cgroup|private_root)/;

describe('without mount', () => {
  test.runIf(abilities.namespaces.has('network'))('the other namespaces remain', async () => {
    const { hypervisor, logged } = await openWith([...BASE, 'unshare', 'setpriv']);
    const enclave = await hypervisor.runEnclave(RUN);
    const others = [...abilities.namespaces].filter((name) => name !== 'mount');
    expect(enclave.Isolation).toEqual(expect.arrayContaining(others));
    expect(enclave.Isolation).not.toContain('mount');
    expect(enclave.Isolation).not.toContain('private_root');
    expect(logged).toContainEqual(
      expect.objectContaining({ event: 'isolation_fallback', way: 'private_root' }),
    );
    expect(await probe(enclave, 'tcp', { host: '127.0.0.1', port: 1 })).toEqual({ value: 'ENETUNREACH' });
    expect(await probe(enclave, 'about')).toMatchObject({ value: { env: {}, pid: 1 } });
  });
});

describe('without unshare', () => {
  test.runIf(abilities.setpriv)('it is a process without capabilities', async () => {
    const { hypervisor } = await openWith([...BASE, 'setpriv']);
    expect(hypervisor.namespaces).toEqual([]);
    const enclave = await hypervisor.runEnclave(RUN);
    for (const name of enclave.Isolation) expect(name).toMatch(NO_NAMESPACES);
    expect(enclave.Isolation).toEqual(
      expect.arrayContaining(['no_new_privileges', 'no_capabilities', 'no_core_dumps']),
    );
    expect(await probe(enclave, 'about')).toMatchObject({
      value: { env: {}, pid: enclave.ProcessID, cwd: enclave.Sockets },
    });
  });
});

describe('without util-linux', () => {
  test('it is a process that ends with its hypervisor, and measures the same', async () => {
    const { hypervisor } = await openWith(BASE);
    const enclave = await hypervisor.runEnclave(RUN);
    for (const name of enclave.Isolation) expect(name).toMatch(NO_NAMESPACES);
    expect(await probe(enclave, 'about')).toMatchObject({ value: { env: {}, pid: enclave.ProcessID } });
    expect(await hypervisor.measure(RUN.image)).toMatchObject(enclave.Measurements);
    await hypervisor.terminateEnclave(enclave.EnclaveID);
    expect(isAlive(enclave.ProcessID)).toBe(false);
  });

  test('runs a copy that nobody swaps: who touches the bundle gets no document', async () => {
    const { hypervisor, logged, folder } = await openWith(BASE);
    const enclave = await hypervisor.runEnclave(RUN);
    const attestation = new Map([['Attestation', new Map()]]);
    expect(await askNsm(enclave, attestation)).toEqual(new Map([['Attestation', expect.any(Map)]]));
    const work = join(folder, 'run', 'e16', 'w');
    expect(await readdir(work)).toEqual(['enclave.mjs']);
    // Another program in its place, for workers that load later, and the old one put back afterwards.
    await rename(join(work, 'enclave.mjs'), join(work, 'kept'));
    await writeFile(join(work, 'enclave.mjs'), 'evil()');
    await rename(join(work, 'kept'), join(work, 'enclave.mjs'));
    await askNsm(enclave, attestation).catch(() => undefined);
    await until(() => !isAlive(enclave.ProcessID));
    expect(logged).toContainEqual(expect.objectContaining({ level: 'error', event: 'bundle_touched' }));
  });

  test('what must be reached and is not, is no enclave', async () => {
    const { hypervisor, folder } = await openWith(BASE, {
      requireIsolation: ['no_core_dumps', 'private_root'],
    });
    await expect(hypervisor.runEnclave(RUN)).rejects.toMatchObject({
      code: 'isolation_not_reached',
      cliCode: 'E36',
      message: 'not reached: private_root',
    });
    expect(hypervisor.describeEnclaves()).toEqual([]);
    expect(await readdir(join(folder, 'run'))).toEqual([]);
  });
});
