// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyAttestation } from '@enclave-vault/attestation';
import { encodeAttestationRequest, encodeConfiguration, parseUserData, pcr16 } from '@enclave-vault/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildEnclave } from '../../../trusted/enclave/build.ts';
import { httpOver, openHypervisor, RUN, until } from './sandbox/probe.ts';

let vault: Awaited<ReturnType<typeof openHypervisor>>;
let image: string;

beforeAll(async () => {
  image = await mkdtemp(join(tmpdir(), 'evi-'));
  [vault] = await Promise.all([openHypervisor(), buildEnclave(image)]);
});
afterAll(async () => {
  await vault?.close();
  await rm(image, { recursive: true });
});

const KEY = 'arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000001';

/** The program that is released, in the sandbox that it will get: does it boot there, and is it its NSM's? */
test('the real program boots, measures its configuration, and attests a key', async () => {
  const { hypervisor, logged } = vault;
  const enclave = await hypervisor.runEnclave({ ...RUN, image, memoryMib: 512 });
  expect(enclave.EnclaveName).toBe('enclave-vault');
  const socket = join(enclave.Sockets, 'listen.sock');
  await until(() => existsSync(socket));
  const health = async () =>
    JSON.parse((await httpOver(socket, 'GET', '/v1/health')).body.toString()) as object;
  expect(await health()).toMatchObject({ phase: 'boot' });

  const configuration = encodeConfiguration({
    region: 'us-east-1',
    kmsHost: 'kms.us-east-1.amazonaws.com',
    tlsRoots: [hypervisor.rootCertificate],
    vaultKeyArns: [KEY],
    requestKeyArns: [KEY.replace(/1$/, '2')],
    legacyKeyArns: [],
  });
  expect((await httpOver(socket, 'PUT', '/v1/configuration', configuration)).status).toBe(204);
  expect(await health()).toMatchObject({ phase: 'serving' });

  const nonce = Buffer.alloc(16, 9);
  const answer = await httpOver(socket, 'POST', '/v1/attestation', encodeAttestationRequest(nonce));
  expect(answer.status).toBe(200);
  const { PCR0 = '', PCR1 = '', PCR2 = '', PCR8 = '' } = enclave.Measurements;
  const verified = verifyAttestation(answer.body, {
    root: hypervisor.rootCertificate,
    at: Date.now(),
    maxAgeMs: 10_000,
    nonce,
    pcrs: {
      0: [PCR0],
      1: [PCR1],
      2: [PCR2],
      8: [PCR8],
      16: [Buffer.from(pcr16(configuration)).toString('hex')],
    },
  });
  expect(verified.moduleId).toBe(enclave.EnclaveID);
  expect(parseUserData(verified.userData ?? Buffer.alloc(0)).purpose).toBe('enclave-vault/hpke');
  expect(logged.filter(({ level }) => level !== 'info')).toEqual([]);
  await hypervisor.terminateEnclave(enclave.EnclaveID);
});
