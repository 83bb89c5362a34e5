// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Fleet } from '../src/fleet.ts';
import { NitroPlaces } from '../src/place/nitro.ts';
import { CONFIGURATION, until } from './harness.ts';
import { NitroInstance } from './support/nitro.ts';
import { LoopbackVsock } from './support/transport.ts';

const PROGRAM = join(import.meta.dirname, 'support/enclave-program.ts');
let instance: NitroInstance;
let vsock: LoopbackVsock;
let kms: net.Server;
let fleet: Fleet;

async function start(enclaves: number, image = instance.image): Promise<void> {
  const { port } = kms.address() as net.AddressInfo;
  const places = await NitroPlaces.open({
    transport: vsock,
    target: { host: '127.0.0.1', port },
    log: instance.log,
  });
  fleet = new Fleet({
    enclaves,
    image,
    cpuCount: 2,
    memoryMib: 256,
    configuration: CONFIGURATION,
    room: 96,
    hypervisor: instance.cli({ callMs: 60_000 }),
    places,
    timings: {
      pollMs: 50,
      healthMs: 20_000,
      bootMs: 60_000,
      backoffBaseMs: 20,
      backoffMaxMs: 50,
      endMs: 60_000,
    },
    log: instance.log,
  });
  fleet.start();
}

const ask = (body: string) =>
  fleet.dispatch(
    { method: 'POST', path: '/v1/decrypt', body: Buffer.from(body), maxBytes: 1024 },
    Date.now() + 60_000,
  );
const healthy = (count: number) => until(() => fleet.healthy === count);
const events = () => instance.logged.map(({ event }) => event);

beforeEach(async () => {
  instance = new NitroInstance();
  vsock = new LoopbackVsock(instance.folder);
  const launch = [process.execPath, '--no-warnings', PROGRAM, '{cid}', instance.folder];
  instance.set({ launch, bootMs: 1, env: { NODE_COMPILE_CACHE: join(instance.folder, 'compiled') } });
  kms = net.createServer((socket) => socket.pipe(socket));
  await new Promise<void>((done) => kms.listen(0, '127.0.0.1', done));
});
afterEach(async () => {
  await fleet.close();
  instance.end();
  await new Promise((done) => kms.close(done));
});

test('launches, configures, asks and ends enclaves; another takes the place of one that is killed', async () => {
  await start(2);
  await healthy(2);
  expect(readFileSync(join(instance.folder, '16.configuration')).equals(CONFIGURATION)).toBe(true);
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask('x')));
  expect(new Set(answers.map(({ body }) => body.toString()))).toEqual(
    new Set(['answer of 16', 'answer of 17']),
  );
  const [first] = instance.pids;
  process.kill(-(first ?? 0), 'SIGKILL');
  expect((await ask('x')).status).toBe(200);
  await until(() => fleet.enclaves.some(({ starts }) => starts === 2) && fleet.healthy === 2);
  expect(fleet.enclaves.map(({ description }) => description?.EnclaveCID).sort()).toContain(18);
  await fleet.close();
  expect(instance.pids).toEqual([]);
});

test('asks another enclave when one dies before it has answered', async () => {
  await start(2);
  await healthy(2);
  for (let turn = 0; turn < 2; turn += 1) {
    expect((await ask('crash-16')).body.toString()).toBe('answer of 17');
  }
  await until(() => fleet.healthy === 2);
  // Both die of it: the caller is told, and nothing else falls.
  await expect(ask('crash')).rejects.toMatchObject({ code: 'connection_lost' });
  await until(() => fleet.enclaves.every(({ starts }) => starts >= 2) && fleet.healthy === 2);
  expect((await ask('x')).status).toBe(200);
});

test('enclaves reach KMS through the relay, and nobody else does', async () => {
  await start(1);
  await healthy(1);
  expect((await ask(`kms ${vsock.port}`)).body.toString()).toBe('bytes of 16');
  const stranger = vsock.dial(99);
  stranger.on('error', () => undefined);
  stranger.write('bytes of 99');
  const said: Buffer[] = [];
  stranger.on('data', (chunk) => said.push(chunk));
  await new Promise((done) => stranger.on('close', done));
  expect(said).toEqual([]);
  expect(instance.logged).toContainEqual(
    expect.objectContaining({
      event: 'relay_refused',
      fields: { cause: 'unknown_cid', cid: 99, refused: 1 },
    }),
  );
});

test('sends nothing to an enclave in debug mode, and ends it', async () => {
  instance.set({ debug: true });
  await start(1);
  await until(() => fleet.enclaves[0]?.lastError === 'debug_mode');
  await until(() => (fleet.enclaves[0]?.starts ?? 0) >= 2);
  expect(existsSync(join(instance.folder, '16.configuration'))).toBe(false);
  expect(instance.calls).toContainEqual(['terminate-enclave', '--enclave-id', expect.any(String)]);
  instance.set({ debug: false });
  await healthy(1);
});

test('ends what an earlier parent left behind, nothing of others, and names what can be debugged', async () => {
  const earlier = instance.cli();
  const left = (name: string) => earlier.run({ image: instance.image, name, cpuCount: 1, memoryMib: 64 });
  const old = await left('vault-0');
  const more = await left('vault-7');
  instance.set({ debug: true });
  const foreign = await left('acm');
  instance.set({ debug: false });
  await start(1);
  await healthy(1);
  await until(() => events().includes('debug_enclave'));
  const ended = instance.calls.filter(([command]) => command === 'terminate-enclave').map((call) => call[2]);
  await until(() => instance.pids.length === 2);
  expect(ended).toContain(old.EnclaveID);
  expect(ended).not.toContain(foreign.EnclaveID);
  const names = (await earlier.describe()).map(({ EnclaveName }) => EnclaveName);
  expect(names.sort()).toEqual(['acm', 'vault-0']);
  expect(names).not.toContain(more.EnclaveName);
});

test('says why there is no enclave, and tries again', async () => {
  await start(1, '/no/such.eif');
  await until(() => (fleet.enclaves[0]?.starts ?? 0) >= 2);
  expect(fleet.enclaves[0]?.lastError).toBe('hypervisor_file');
  expect(instance.logged).toContainEqual(
    expect.objectContaining({ level: 'error', event: 'nitro_cli_failed' }),
  );
  expect(instance.logged).toContainEqual(
    expect.objectContaining({
      event: 'enclave_lost',
      fields: expect.objectContaining({ code: 'hypervisor_file' }),
    }),
  );
});

test('does not wait for a launch when it ends', async () => {
  instance.set({ runMs: 30_000 });
  await start(1);
  await until(() => instance.calls.some(([command]) => command === 'run-enclave'));
  const began = Date.now();
  await fleet.close();
  expect(Date.now() - began).toBeLessThan(20_000);
});
