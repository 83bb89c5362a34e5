// SPDX-License-Identifier: Apache-2.0
import { createPublicKey } from 'node:crypto';
import { verifyAttestation } from '@enclave-vault/attestation';
import { createNitroRoot, toPem } from '@enclave-vault/emulator-pki';
import { encodeAttestationRequest, keyId, parseUserData } from '@enclave-vault/protocol';
import { expect, test } from 'vitest';
import { NsmClient } from '../../src/adapters/nsm-client.ts';
import { CallerKey } from '../../src/core/caller-key.ts';
import { PCRS } from '../support/deployment.ts';
import { testModule } from '../support/nsm.ts';

const root = createNitroRoot(Date.now());
const nsm = new NsmClient(testModule(root, PCRS).handle);

test('the key for callers is attested for HPKE alone, over the nonce of whoever asks', async () => {
  const key = new CallerKey();
  const nonce = Buffer.alloc(32, 5);
  const document = await key.attest(nsm, encodeAttestationRequest(nonce));
  const {
    publicKey,
    userData,
    nonce: attested,
  } = verifyAttestation(document, {
    root: toPem(root.certificate),
    at: Date.now(),
  });
  expect([publicKey, attested]).toEqual([key.publicKey, nonce]);
  expect(parseUserData(userData ?? Buffer.alloc(0))).toEqual({
    purpose: 'enclave-vault/hpke',
    keyId: keyId(key.publicKey),
  });
});

test('it is of P-384, of this start of the program, and its private half belongs to it', () => {
  const [one, other] = [new CallerKey(), new CallerKey()];
  expect(one.privateKey.asymmetricKeyDetails).toEqual({ namedCurve: 'secp384r1' });
  expect(createPublicKey(one.privateKey).export({ type: 'spki', format: 'der' })).toEqual(one.publicKey);
  expect(one.publicKey).not.toEqual(other.publicKey);
});

test('what is no request for a document gets none', () => {
  const key = new CallerKey();
  expect(() => key.attest(nsm, Buffer.from('x'))).toThrow(expect.objectContaining({ code: 'malformed' }));
});
