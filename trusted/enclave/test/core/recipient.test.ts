// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey } from 'node:crypto';
import { verifyAttestation } from '@enclave-vault/attestation';
import { createNitroRoot, toPem } from '@enclave-vault/emulator-pki';
import { parseUserData } from '@enclave-vault/protocol';
import { expect, test } from 'vitest';
import { NsmClient } from '../../src/adapters/nsm-client.ts';
import { KmsRecipient } from '../../src/core/recipient.ts';
import type { AttestationFields, Nsm } from '../../src/ports.ts';
import { PCRS } from '../support/deployment.ts';
import { pushedClock } from '../support/enclave.ts';
import { testModule } from '../support/nsm.ts';

const root = createNitroRoot(Date.now());

function recipient() {
  const module = testModule(root, PCRS);
  const clock = pushedClock();
  return { module, clock, recipient: new KmsRecipient(new NsmClient(module.handle), clock) };
}

test('the document attests the key, for this purpose', async () => {
  const { recipient: one } = recipient();
  await one.renew();
  const { document, publicKey, privateKey } = one.current();
  const verified = verifyAttestation(document, { root: toPem(root.certificate), at: Date.now() });
  expect(verified.publicKey).toEqual(publicKey);
  expect(createPublicKey(privateKey).export({ type: 'spki', format: 'der' })).toEqual(publicKey);
  expect(privateKey.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048, publicExponent: 65537n });
  expect(parseUserData(verified.userData ?? Buffer.alloc(0))).toEqual({
    purpose: 'enclave-vault/kms-recipient',
    keyId: createHash('sha256').update(publicKey).digest(),
  });
  expect(verified.nonce ?? null).toBe(null);
});

test('a renewal changes key and document; until it is done the old ones serve', async () => {
  const { recipient: one } = recipient();
  await one.renew();
  const before = one.current();
  const renewing = one.renew();
  expect(one.current()).toBe(before);
  await renewing;
  expect(one.current().publicKey).not.toEqual(before.publicKey);
});

test('a refused document is replaced for the same key, unless it is young or replaced already', async () => {
  const { recipient: one, clock, module } = recipient();
  await one.renew();
  const first = one.current();
  expect(await one.renewDocument(first)).toBe(first);
  clock.push(5_000);
  const second = await one.renewDocument(first);
  expect(second.document).not.toEqual(first.document);
  expect(second.privateKey).toBe(first.privateKey);
  expect(one.current()).toBe(second);
  expect(await one.renewDocument(first)).toBe(second);
  expect(module.state.attested).toBe(2);
});

test('whoever meets a refused document at the same time gets the same new one, and the next time another', async () => {
  const { clock, module } = recipient();
  let now = clock.now();
  const one = new KmsRecipient(new NsmClient(module.handle), { ...clock, now: () => now });
  await one.renew();
  const first = one.current();
  expect(first.attestedAt).toBe(now);
  now += 5_000;
  const renewed = await Promise.all([1, 2, 3].map(() => one.renewDocument(first)));
  expect(renewed).toEqual([one.current(), one.current(), one.current()]);
  expect([one.current().attestedAt, module.state.attested]).toEqual([now, 2]);
  const second = one.current();
  now += 4_999;
  expect(await one.renewDocument(second)).toBe(second);
  now += 1;
  expect((await one.renewDocument(second)).document).not.toEqual(second.document);
  expect(module.state.attested).toBe(3);
});

test('a document that cannot be had is asked for again the next time', async () => {
  const { recipient: one, clock, module } = recipient();
  await one.renew();
  const first = one.current();
  clock.push(5_000);
  module.state.broken = true;
  await expect(one.renewDocument(first)).rejects.toMatchObject({ detail: 'InternalError' });
  module.state.broken = false;
  expect((await one.renewDocument(first)).document).not.toEqual(first.document);
});

test('a new document does not displace a newer key, however late it comes', async () => {
  const { clock, module } = recipient();
  const nsm = new NsmClient(module.handle);
  const gates: Promise<unknown>[] = [];
  const attest = async (fields: AttestationFields): Promise<Buffer> => {
    await gates.shift();
    return nsm.attest(fields);
  };
  const one = new KmsRecipient({ ...nsm, attest } as unknown as Nsm, clock);
  await one.renew();
  const first = one.current();
  clock.push(5_000);
  const gate = Promise.withResolvers<void>();
  gates.push(gate.promise);
  const late = one.renewDocument(first);
  await one.renew();
  const newer = one.current();
  gate.resolve();
  expect((await late).privateKey).toBe(first.privateKey);
  expect(one.current()).toBe(newer);
  expect(newer.privateKey).not.toBe(first.privateKey);
});

test('what was refused long ago is replaced already, by what is old itself by now', async () => {
  const { recipient: one, clock, module } = recipient();
  await one.renew();
  const first = one.current();
  clock.push(5_000);
  const second = await one.renewDocument(first);
  clock.push(60_000);
  expect(await one.renewDocument(first)).toBe(second);
  expect(module.state.attested).toBe(2);
});

test('without a module: no first key; with a broken one the old key stays', async () => {
  const { recipient: one, module } = recipient();
  expect(() => one.current()).toThrow('no_recipient_key');
  await one.renew();
  const before = one.current();
  module.state.broken = true;
  await expect(one.renew()).rejects.toMatchObject({ detail: 'InternalError' });
  expect(one.current()).toBe(before);
});
