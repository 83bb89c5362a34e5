// SPDX-License-Identifier: Apache-2.0
import { encodeErrorAnswer, parseAttestationRequest } from '@enclave-vault/protocol';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startParent, until } from '../../parent/test/harness.ts';
import { answer, type StandInEnclave } from '../../parent/test/stand-ins.ts';
import { ParentClient } from '../src/enclave-client.ts';

/* Against the real parent; only the enclaves behind it are stand-ins. */

let parent: Awaited<ReturnType<typeof startParent>>;
let enclave: StandInEnclave;
let client: ParentClient;
const soon = () => Date.now() + 20_000;

beforeEach(async () => {
  parent = await startParent({ maxInFlight: 1 });
  parent.fleet.start();
  await until(() => parent.fleet.healthy === 1);
  // The one that serves: a slow start is given up, and followed by another.
  enclave = parent.standIn.launched.at(-1) as StandInEnclave;
  client = new ParentClient({ unix: parent.socketPath });
});
afterEach(async () => {
  client.close();
  await parent.stop();
});

test('returns what the enclave says, sealed or not', async () => {
  expect(Buffer.from(await client.decrypt(Buffer.from('x'), soon())).toString()).toBe(
    `answer of ${enclave.id}`,
  );
  enclave.onDecrypt = (_request, response) => answer(response, 403, encodeErrorAnswer('kms_denied'));
  expect(await client.decrypt(Buffer.from('x'), soon())).toEqual(encodeErrorAnswer('kms_denied'));
});

test('asks for attestation with the nonce', async () => {
  enclave.onDecrypt = ({ body }, response) => answer(response, 200, parseAttestationRequest(body));
  const nonce = Buffer.alloc(32, 5);
  expect(Buffer.from(await client.attestation(nonce, soon()))).toEqual(nonce);
  enclave.onDecrypt = (_request, response) => answer(response, 503, encodeErrorAnswer('busy'));
  await expect(client.attestation(nonce, soon())).rejects.toMatchObject({ code: 'busy' });
  enclave.onDecrypt = (_request, response) => answer(response, 500, encodeErrorAnswer('internal'));
  await expect(client.attestation(nonce, soon())).rejects.toMatchObject({ code: 'unavailable' });
});

test('busy, late and dead are told apart', async () => {
  let release: () => void = () => undefined;
  enclave.onDecrypt = (_request, response) => {
    release = () => answer(response, 200, 'x');
  };
  const held = client.decrypt(Buffer.from('x'), soon());
  await until(() => parent.fleet.enclaves[0]?.inFlight === 1);
  await expect(client.decrypt(Buffer.from('y'), soon())).rejects.toMatchObject({
    code: 'busy',
    retryAfter: 1,
  });
  await until(() => enclave.seen.some(({ path }) => path === '/v1/decrypt'));
  release();
  await held;
  enclave.onDecrypt = () => undefined;
  const late = client.decrypt(Buffer.from('x'), Date.now() + 300);
  await expect(late).rejects.toMatchObject({ code: 'timed_out' });
  await expect(client.decrypt(Buffer.from('y'), Date.now() - 1)).rejects.toMatchObject({ code: 'timed_out' });
  parent.standIn.refuse = true;
  await enclave.crash();
  await until(() => parent.fleet.healthy === 0);
  await expect(client.decrypt(Buffer.from('y'), soon())).rejects.toMatchObject({
    code: 'unavailable',
    retryAfter: 1,
  });
});

test('health says why', async () => {
  await vi.waitFor(async () => expect(await client.health()).toEqual({ healthy: true }), 60_000);
  parent.standIn.refuse = true;
  await enclave.crash();
  await until(() => parent.fleet.enclaves[0]?.lastError === 'hypervisor_refused');
  const refused = { healthy: false, reason: 'hypervisor_refused' };
  await vi.waitFor(async () => expect(await client.health()).toEqual(refused), 60_000);
});

test('a parent that is not there is unavailable', async () => {
  const nowhere = new ParentClient({ unix: '/nowhere/parent.sock' });
  await expect(nowhere.decrypt(Buffer.from('x'), soon())).rejects.toMatchObject({ code: 'unavailable' });
  expect(await nowhere.health()).toEqual({ healthy: false, reason: 'parent_unreachable' });
});
