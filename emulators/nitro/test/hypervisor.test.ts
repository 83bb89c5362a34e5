// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AWS_NITRO_ROOT, unsafeParseAttestation, verifyAttestation } from '@enclave-vault/attestation';
import type { CborValue } from '@enclave-vault/codec';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EnclaveDescription } from '../src/descriptions.ts';
import { Hypervisor } from '../src/hypervisor.ts';
import { askNsm, INSTANCE, isAlive, openHypervisor, probe, ROLE, RUN, until } from './sandbox/probe.ts';

let vault: Awaited<ReturnType<typeof openHypervisor>>;
let hypervisor: Hypervisor;
let images: string;
let clock = Date.now();

beforeAll(async () => {
  vault = await openHypervisor({ now: () => clock });
  hypervisor = vault.hypervisor;
  images = await mkdtemp(join(tmpdir(), 'evi-'));
});
afterAll(async () => {
  await vault.close();
  await rm(images, { recursive: true });
});

/** A document, asked for by the program inside. */
async function attest(enclave: EnclaveDescription, fields: Record<string, CborValue> = {}): Promise<Buffer> {
  const answer = await askNsm(enclave, new Map([['Attestation', new Map(Object.entries(fields))]]));
  const body = answer instanceof Map ? answer.get('Attestation') : undefined;
  const document = body instanceof Map ? body.get('document') : undefined;
  if (!Buffer.isBuffer(document)) throw new Error('no document');
  return document;
}

describe('an enclave', () => {
  let enclave: EnclaveDescription;

  beforeAll(async () => {
    enclave = await hypervisor.runEnclave(RUN);
  });

  test('is described as nitro-cli does it', () => {
    expect(enclave).toEqual({
      EnclaveName: 'probe',
      EnclaveID: expect.stringMatching(/^i-0123456789abcdef0-enc[0-9a-f]{16}$/),
      ProcessID: expect.any(Number),
      EnclaveCID: 16,
      NumberOfCPUs: 2,
      CPUIDs: [],
      MemoryMiB: 256,
      State: 'RUNNING',
      Flags: 'NONE',
      Measurements: {
        HashAlgorithm: 'Sha384 { ... }',
        PCR0: expect.stringMatching(/^[0-9a-f]{96}$/),
        PCR1: expect.stringMatching(/^[0-9a-f]{96}$/),
        PCR2: expect.stringMatching(/^[0-9a-f]{96}$/),
        PCR8: expect.stringMatching(/^[0-9a-f]{96}$/),
      },
      Sockets: join(vault.folder, 'run', 'e16', 's'),
      Isolation: expect.arrayContaining(['no_core_dumps']),
    });
    expect(hypervisor.describeEnclaves()).toContainEqual(enclave);
    expect(isAlive(enclave.ProcessID)).toBe(true);
  });

  test('has the measurements that were foretold', async () => {
    const measured = await hypervisor.measure(RUN.image);
    expect(measured).toMatchObject(enclave.Measurements);
    const { PCR3, PCR4 } = measured;
    const ext = (text: string) => createHash('sha384').update(Buffer.alloc(48)).update(text).digest('hex');
    expect({ PCR3, PCR4 }).toEqual({ PCR3: ext(ROLE), PCR4: ext(INSTANCE) });
  });

  test('has documents that the production path accepts under the development root, and refuses under that of AWS', async () => {
    const nonce = Buffer.alloc(32, 7);
    const document = await attest(enclave, { nonce, public_key: Buffer.from('key'), user_data: null });
    const { PCR0 = '', PCR1 = '', PCR2 = '', PCR8 = '' } = enclave.Measurements;
    const options = {
      root: hypervisor.rootCertificate,
      at: clock,
      maxAgeMs: 1000,
      pcrs: { 0: [PCR0], 1: [PCR1], 2: [PCR2], 8: [PCR8] },
      requirePcrs: [3, 4],
      nonce,
      publicKey: Buffer.from('key'),
    };
    const verified = verifyAttestation(document, options);
    expect(verified).toMatchObject({ moduleId: enclave.EnclaveID, timestamp: clock, production: false });
    expect(verified.userData).toBeUndefined();
    expect([...verified.pcrs.keys()]).toEqual(Array.from({ length: 16 }, (_, index) => index));
    expect(verified.pcrs.get(5)).toEqual(Buffer.alloc(48));

    const under = (root: string) => () => verifyAttestation(document, { ...options, root });
    expect(under(AWS_NITRO_ROOT)).toThrow(expect.objectContaining({ code: 'chain_foreign_root' }));
    const foreign = await Hypervisor.open({
      stateFile: null,
      runDirectory: join(vault.folder, 'other'),
      roleArn: ROLE,
      instanceId: INSTANCE,
      node: process.execPath,
    });
    expect(under(foreign.rootCertificate)).toThrow(expect.objectContaining({ code: 'chain_foreign_root' }));
    await foreign.close();
  });

  test('shows a register of its own once it is locked', async () => {
    const data = createHash('sha384').update('configuration').digest();
    const expected = createHash('sha384').update(Buffer.alloc(48)).update(data).digest();
    await askNsm(
      enclave,
      new Map([
        [
          'ExtendPCR',
          new Map<string, CborValue>([
            ['index', 16],
            ['data', data],
          ]),
        ],
      ]),
    );
    expect(unsafeParseAttestation(await attest(enclave)).claims.pcrs.has(16)).toBe(false);
    expect(await askNsm(enclave, new Map([['LockPCR', new Map([['index', 16]])]]))).toBe('LockPCR');
    expect(unsafeParseAttestation(await attest(enclave)).claims.pcrs.get(16)).toEqual(expected);
  });

  test('has its leaf renewed before it ends, and the chain of a clock that was set back', async () => {
    const start = clock;
    const leafEnd = async () =>
      verifyAttestation(await attest(enclave), { root: hypervisor.rootCertificate, at: clock })
        .certificateNotAfter;
    try {
      const first = await leafEnd();
      expect(first - start).toBeGreaterThan(2.9 * 3600_000);
      clock = first - 31 * 60_000;
      expect(await leafEnd()).toBe(first);
      clock = first - 29 * 60_000;
      const second = await leafEnd();
      expect(second).toBeGreaterThan(first + 2 * 3600_000);
      clock = start + 30 * 24 * 3600_000;
      expect(await leafEnd()).toBeGreaterThan(clock);
      clock = start;
      expect(await leafEnd()).toBeLessThan(start + 4 * 3600_000);
    } finally {
      clock = start;
    }
  });

  test('prints to the log of the hypervisor, a line at a time and at most 4 KiB of it', async () => {
    await probe(enclave, 'print', { text: `first\n${'x'.repeat(5000)}\nlast` });
    const lines = () =>
      vault.logged.filter(({ event, enclave: id }) => event === 'console' && id === enclave.EnclaveID);
    await until(() => lines().length >= 3);
    expect(lines().map(({ text, stream }) => [stream, text])).toEqual([
      ['stdout', 'first'],
      ['stdout', 'x'.repeat(4096)],
      ['stdout', 'last'],
    ]);
  });

  test('is ended by its id, and its sockets are gone', async () => {
    expect(await hypervisor.terminateEnclave(enclave.EnclaveID)).toEqual({
      EnclaveName: 'probe',
      EnclaveID: enclave.EnclaveID,
      Terminated: true,
    });
    expect(isAlive(enclave.ProcessID)).toBe(false);
    expect(hypervisor.describeEnclaves()).toEqual([]);
    expect(await readdir(join(vault.folder, 'run'))).toEqual([]);
    await expect(hypervisor.terminateEnclave(enclave.EnclaveID)).rejects.toMatchObject({
      code: 'enclave_not_found',
    });
  });
});

test('another program, or one byte of it, is another measurement; what runs is what was loaded', async () => {
  const image = join(images, 'changing');
  await cp(RUN.image, image, { recursive: true });
  const first = await hypervisor.runEnclave({ ...RUN, image });
  await writeFile(join(image, 'enclave.mjs'), ' ', { flag: 'a' });
  const second = await hypervisor.runEnclave({ ...RUN, image });
  expect(second.EnclaveName).toBe('probe_1');
  expect(second.EnclaveCID).toBe(first.EnclaveCID + 1);
  expect(second.Measurements.PCR0).not.toBe(first.Measurements.PCR0);
  expect(second.Measurements.PCR2).not.toBe(first.Measurements.PCR2);
  expect(second.Measurements.PCR1).toBe(first.Measurements.PCR1);
  const policy = { 0: [first.Measurements.PCR0 ?? ''] };
  const options = { root: hypervisor.rootCertificate, at: clock, pcrs: policy };
  verifyAttestation(await attest(first), options);
  const document = await attest(second);
  expect(() => verifyAttestation(document, options)).toThrow(
    expect.objectContaining({ code: 'pcr_mismatch' }),
  );
  await Promise.all([first, second].map(async ({ EnclaveID }) => hypervisor.terminateEnclave(EnclaveID)));
});

test('a debug enclave is refused for its zero registers', async () => {
  const enclave = await hypervisor.runEnclave({ ...RUN, debugMode: true, name: 'debug' });
  expect(enclave).toMatchObject({ EnclaveName: 'debug', Flags: 'DEBUG_MODE' });
  const document = await attest(enclave);
  const verify = () => verifyAttestation(document, { root: hypervisor.rootCertificate, at: clock });
  expect(verify).toThrow(expect.objectContaining({ code: 'debug_mode', pcrs: [0, 1, 2] }));
  await hypervisor.terminateEnclave(enclave.EnclaveID);
});

test('an enclave that dies is shown as such until it is terminated', async () => {
  const enclave = await hypervisor.runEnclave(RUN);
  await probe(enclave, 'crash').catch(() => undefined);
  const states = () => hypervisor.describeEnclaves().map(({ State }) => State);
  await until(() => states()[0] === 'TERMINATED');
  expect(vault.logged).toContainEqual(
    expect.objectContaining({ event: 'enclave_ended', enclave: enclave.EnclaveID }),
  );
  expect(await readdir(join(vault.folder, 'run'))).toEqual([]);
  expect(await hypervisor.terminateEnclave(enclave.EnclaveID)).toMatchObject({ Terminated: true });
  expect(states()).toEqual([]);
});

describe('refuses', () => {
  test.each([
    ['an image that is not there', { image: '/nothing' }, 'image_unreadable'],
    ['too little memory', { memoryMib: 63 }, 'insufficient_memory'],
    ['a name with a slash', { name: 'a/b' }, 'invalid_name'],
  ])('%s', async (_, options, code) => {
    await expect(hypervisor.runEnclave({ ...RUN, ...options })).rejects.toMatchObject({ code });
  });

  test('a program that node does not start is no enclave for long', async () => {
    const image = join(images, 'broken');
    await mkdir(image);
    await writeFile(join(image, 'image.json'), '{"v":1,"name":"broken","nodeFlags":["--no-such-option"]}');
    await writeFile(join(image, 'enclave.mjs'), '');
    await hypervisor.runEnclave({ ...RUN, image }).catch(() => undefined);
    await until(() => hypervisor.describeEnclaves().every(({ State }) => State === 'TERMINATED'));
    expect(vault.logged).toContainEqual(
      expect.objectContaining({ event: 'console', text: expect.stringContaining('--no-such-option') }),
    );
  });
});

test('removes what an earlier hypervisor left in its folder, and nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'evn-'));
  await Promise.all(['e16', 'e7', 'else'].map(async (name) => mkdir(join(folder, name))));
  const { close } = await openHypervisor({ runDirectory: folder });
  expect(await readdir(folder)).toEqual(['else']);
  await close();
  await rm(folder, { recursive: true });
});
