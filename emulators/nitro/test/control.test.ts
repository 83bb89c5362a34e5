// SPDX-License-Identifier: Apache-2.0
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ControlServer, serveControl } from '../src/control.ts';
import { httpOver, openHypervisor, PROBE_IMAGE } from './sandbox/probe.ts';

let vault: Awaited<ReturnType<typeof openHypervisor>>;
let control: ControlServer;
let socketPath: string;

beforeAll(async () => {
  vault = await openHypervisor();
  socketPath = join(vault.folder, 'control.sock');
  // One that a killed hypervisor left behind.
  await writeFile(socketPath, '');
  control = await serveControl(vault.hypervisor, socketPath, () => undefined);
});
afterAll(async () => {
  await control.close();
  await vault.close();
});

async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: unknown }> {
  const bytes = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await httpOver(socketPath, method, path, bytes);
  return { status: answer.status, json: JSON.parse(answer.body.toString()) as unknown };
}

const RUN = { image: PROBE_IMAGE, cpu_count: 2, memory_mib: 256 };

test('its socket is for its owner alone', async () => {
  expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
});

test('a second hypervisor does not take the socket from the first', async () => {
  await expect(serveControl(vault.hypervisor, socketPath, () => undefined)).rejects.toMatchObject({
    code: 'control_socket_in_use',
  });
  expect((await call('GET', '/describe-enclaves')).status).toBe(200);
});

test('run, describe, terminate, and measure beforehand', async () => {
  const measured = await call('POST', '/measure', { image: PROBE_IMAGE });
  expect(Object.keys(measured.json as object)).toEqual([
    'HashAlgorithm',
    ...[0, 1, 2, 3, 4, 8].map((index) => `PCR${index}`),
  ]);
  const run = await call('POST', '/run-enclave', { ...RUN, name: 'vault-0', debug_mode: false });
  expect(run).toMatchObject({
    status: 200,
    json: { EnclaveName: 'vault-0', State: 'RUNNING', EnclaveCID: 16 },
  });
  expect(measured.json).toMatchObject((run.json as { Measurements: object }).Measurements);
  expect(await call('GET', '/describe-enclaves')).toEqual({ status: 200, json: [run.json] });
  const { EnclaveID } = run.json as { EnclaveID: string };
  expect(await call('POST', '/terminate-enclave', { enclave_id: EnclaveID })).toEqual({
    status: 200,
    json: { EnclaveName: 'vault-0', EnclaveID, Terminated: true },
  });
  expect(await call('GET', '/describe-enclaves')).toEqual({ status: 200, json: [] });
});

describe('refuses, with the codes of nitro-cli', () => {
  test.each([
    ['POST', '/run-enclave', { cpu_count: 2, memory_mib: 256 }, 400, 'E01', 'missing_argument'],
    ['POST', '/run-enclave', { ...RUN, cpu_count: '2' }, 400, 'E03', 'invalid_argument'],
    ['POST', '/run-enclave', { ...RUN, cpu_count: 0 }, 400, 'E03', 'invalid_argument'],
    ['POST', '/run-enclave', { ...RUN, memory_mib: 1.5 }, 400, 'E03', 'invalid_argument'],
    ['POST', '/run-enclave', { ...RUN, debug_mode: 'yes' }, 400, 'E03', 'invalid_argument'],
    ['POST', '/run-enclave', { ...RUN, eif_path: 'x' }, 400, 'E03', 'invalid_argument'],
    ['POST', '/run-enclave', { ...RUN, memory_mib: 1 }, 400, 'E26', 'insufficient_memory'],
    ['POST', '/run-enclave', { ...RUN, image: '/nothing' }, 400, 'E19', 'image_unreadable'],
    ['POST', '/run-enclave', { ...RUN, name: '' }, 400, 'E03', 'invalid_argument'],
    ['POST', '/run-enclave', { ...RUN, name: 'a b' }, 400, 'E58', 'invalid_name'],
    ['POST', '/run-enclave', '{', 400, 'E17', 'malformed_request'],
    ['POST', '/run-enclave', [], 400, 'E17', 'malformed_request'],
    ['POST', '/measure', { image: 'x'.repeat(70_000) }, 400, 'E17', 'malformed_request'],
    ['POST', '/terminate-enclave', {}, 400, 'E01', 'missing_argument'],
    ['POST', '/terminate-enclave', { enclave_id: 'i-0-enc0' }, 404, 'E39', 'enclave_not_found'],
    ['POST', '/build-enclave', {}, 404, 'E14', 'invalid_command'],
    ['GET', '/run-enclave', undefined, 404, 'E14', 'invalid_command'],
  ])('%s %s %j: %i %s %s', async (method, path, body, status, code, error) => {
    expect(await call(method, path, body)).toEqual({
      status,
      json: { error, code, message: expect.stringMatching(new RegExp(`^\\[ ${code} \\] `)) },
    });
  });
});
