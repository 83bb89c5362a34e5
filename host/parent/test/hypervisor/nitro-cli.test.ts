// SPDX-License-Identifier: Apache-2.0
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NitroCli } from '../../src/hypervisor/nitro-cli.ts';
import { NitroInstance } from '../support/nitro.ts';

let instance: NitroInstance;
let cli: NitroCli;
beforeEach(() => {
  instance = new NitroInstance();
  cli = instance.cli();
});
afterEach(() => instance.end());

const run = (name = 'vault-0', more = {}) =>
  cli.run({ image: instance.image, name, cpuCount: 2, memoryMib: 512, ...more });

/** A nitro-cli that says what it is told to. */
function saying(script: string): NitroCli {
  const command = join(instance.folder, 'other-cli');
  writeFileSync(command, `#!/bin/sh\n${script}\n`);
  chmodSync(command, 0o755);
  return instance.cli({ command });
}

test('launches, describes and ends an enclave', async () => {
  const described = await run();
  expect(described).toEqual({
    EnclaveName: 'vault-0',
    EnclaveID: expect.stringMatching(/^i-0123456789abcdef0-enc[0-9a-f]{16}$/),
    EnclaveCID: 16,
    State: 'RUNNING',
    Flags: 'NONE',
    Measurements: expect.objectContaining({ PCR0: expect.stringMatching(/^[0-9a-f]{96}$/) }),
    Sockets: null,
  });
  expect(await cli.describe()).toEqual([described]);
  await cli.terminate(described.EnclaveID);
  expect(await cli.describe()).toEqual([]);
  expect(instance.calls[0]).toEqual(
    `run-enclave --eif-path ${instance.image} --cpu-count 2 --memory 512 --enclave-name vault-0`.split(' '),
  );
  expect(instance.calls.flat()).not.toContain('--debug-mode');
  expect(instance.logged).toEqual([]);
});

test('passes what it is given as one argument, whatever a shell would make of it', async () => {
  const image = join(instance.folder, 'a b; touch $(pwd) & .eif');
  writeFileSync(image, 'an image');
  await run('vault-0', { image });
  expect(instance.calls[0]?.[2]).toBe(image);
});

test('launches one after the other: two at once fail', async () => {
  instance.set({ runMs: 80 });
  const both = await Promise.all([run('vault-0'), run('vault-1')]);
  expect(both.map(({ EnclaveCID }) => EnclaveCID)).toEqual([16, 17]);
  // That the stand-in is one on which it matters, and that both are there at once however slowly the second starts:
  instance.set({ runMs: 2_000 });
  const other = instance.cli();
  const [first, second] = await Promise.allSettled([
    other.run({ image: instance.image, name: 'a', cpuCount: 1, memoryMib: 64 }),
    cli.run({ image: instance.image, name: 'b', cpuCount: 1, memoryMib: 64 }),
  ]);
  expect([first?.status, second?.status].sort()).toEqual(['fulfilled', 'rejected']);
});

test('says why a launch failed, with a hint, and where the details are', async () => {
  await expect(run('a', { cpuCount: 9 })).rejects.toMatchObject({
    code: 'insufficient_cpus',
    message: 'E22',
  });
  expect(instance.logged).toEqual([
    {
      level: 'error',
      event: 'nitro_cli_failed',
      fields: {
        command: 'run-enclave',
        code: 'insufficient_cpus',
        cli_code: 'E22',
        exit_code: 39,
        hint: expect.stringContaining('/etc/nitro_enclaves/allocator.yaml'),
        error_log: expect.stringContaining('/log/err'),
      },
    },
  ]);
});

test('names the memory that an image needs, and the file that is not there', async () => {
  writeFileSync(instance.image, Buffer.alloc(40 * 2 ** 20));
  await expect(run('a', { memoryMib: 64 })).rejects.toMatchObject({ code: 'memory_too_small' });
  expect(instance.logged.at(-1)?.fields).toMatchObject({ cli_code: 'E26', needed_mib: 160 });
  await expect(run('a', { memoryMib: 9_000 })).rejects.toMatchObject({ code: 'insufficient_memory' });
  await expect(run('a', { image: '/no/such.eif' })).rejects.toMatchObject({ code: 'hypervisor_file' });
  expect(instance.logged.at(-1)?.fields).toMatchObject({ cli_code: 'E19', file: '/no/such.eif' });
});

test('an enclave that ends at once has not booted', async () => {
  instance.set({ launch: ['true'], bootMs: 100 });
  await expect(run()).rejects.toMatchObject({ code: 'boot_failed' });
});

test('an enclave that ends right after its launch has not booted either', async () => {
  instance.set({ launch: ['sleep', '0.05'], bootMs: 1 });
  const slow = saying(
    `exec="$0"; "${join(import.meta.dirname, '../../../../tests/support/nitro-cli/nitro-cli')}" "$@"; code=$?; sleep 0.1; exit $code`,
  );
  await expect(
    slow.run({ image: instance.image, name: 'a', cpuCount: 1, memoryMib: 64 }),
  ).rejects.toMatchObject({ code: 'boot_failed' });
});

test('to end an enclave that is gone is no failure and no noise', async () => {
  const { EnclaveID } = await run();
  await cli.terminate(EnclaveID);
  await cli.terminate(EnclaveID);
  expect(instance.logged).toEqual([]);
  instance.set({ fail: { 'terminate-enclave': 'E11' } });
  const still = await run();
  await expect(cli.terminate(still.EnclaveID)).rejects.toMatchObject({ code: 'hypervisor_refused' });
  expect(instance.logged).toHaveLength(1);
});

test.each([
  ['not JSON', 'echo Started'],
  ['two documents', 'echo "[] []"'],
  ['an object for a list', 'echo "{}"'],
  ['a list of text', `echo '["x"]'`],
  ['no CID', `echo '[{"EnclaveName":"a","EnclaveID":"i","State":"RUNNING","Flags":"NONE"}]'`],
  [
    'a CID of nonsense',
    `echo '[{"EnclaveName":"a","EnclaveID":"i","EnclaveCID":-1,"State":"RUNNING","Flags":"NONE"}]'`,
  ],
  ['no flags', `echo '[{"EnclaveName":"a","EnclaveID":"i","EnclaveCID":16,"State":"RUNNING"}]'`],
  [
    'measurements of numbers',
    `echo '[{"EnclaveName":"a","EnclaveID":"i","EnclaveCID":16,"State":"R","Flags":"NONE","Measurements":{"PCR0":1}}]'`,
  ],
  ['endless output', 'yes | head -c 3000000'],
])('refuses %s', async (_what, script) => {
  await expect(saying(script).describe()).rejects.toMatchObject({ code: 'hypervisor_refused' });
});

test('is not held up by a tool that hangs, nor by one whose children do', async () => {
  const began = Date.now();
  const hanging = saying('sleep 20 & sleep 20');
  await expect(
    instance.cli({ command: join(instance.folder, 'other-cli'), callMs: 100 }).describe(),
  ).rejects.toMatchObject({ code: 'timeout' });
  const described = hanging.describe();
  setTimeout(() => hanging.close(), 50);
  await expect(described).rejects.toMatchObject({ code: 'timeout', message: 'aborted' });
  expect(Date.now() - began).toBeLessThan(5_000);
});

test('a launch ends with its signal', async () => {
  instance.set({ runMs: 10_000 });
  const stop = new AbortController();
  const launched = cli.run({ image: instance.image, name: 'a', cpuCount: 1, memoryMib: 64 }, stop.signal);
  setTimeout(() => stop.abort(), 50);
  await expect(launched).rejects.toMatchObject({ code: 'timeout', message: 'aborted' });
  instance.set({ runMs: 0 });
  expect((await run()).EnclaveName).toBe('vault-0');
});

test('says that nitro-cli is not there, or may not be run', async () => {
  const none = instance.cli({ command: join(instance.folder, 'nitro-cli') });
  await expect(none.describe()).rejects.toMatchObject({ code: 'hypervisor_missing' });
  const plain = instance.cli({ command: instance.image });
  await expect(plain.describe()).rejects.toMatchObject({ code: 'hypervisor_missing' });
  expect(instance.logged.map(({ fields }) => fields.cause)).toEqual(['ENOENT', 'EACCES']);
});

test("gives the tool nothing of the parent's environment but nitro-cli's own variables", async () => {
  process.env.ENCLAVE_VAULT_MARKED = 'marked';
  const seen = join(instance.folder, 'seen');
  await saying(`env > "${seen}"; echo "[]"`).describe();
  delete process.env.ENCLAVE_VAULT_MARKED;
  const { readFileSync } = await import('node:fs');
  const names = readFileSync(seen, 'utf8').match(/^\w+(?==)/gm) ?? [];
  expect(names).toContain('NITRO_CLI_STAND_IN');
  expect(names.filter((name) => !/^(NITRO_CLI_\w+|PATH|LANG|PWD|OLDPWD|SHLVL|_)$/.test(name))).toEqual([]);
});
