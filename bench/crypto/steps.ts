// SPDX-License-Identifier: Apache-2.0
/** What one opening and one sealing are made of, on node:crypto, and what the same steps cost in the other libraries. */
import { createPrivateKey, createSecretKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { importPrivateKey, setupRecipient } from '@enclave-vault/hpke/open';
import { importPublicKey } from '@enclave-vault/hpke/seal';
import { elsewhere, gcmOpen, gcmSeal } from './candidates.ts';
import { PYTHON, RUST, STEPS } from './names.ts';
import type { Peer, PeerWork } from './peers.ts';
import type { Subject } from './subject.ts';
import { type Candidate, here } from './turns.ts';

const PEER_STEPS: readonly (readonly [name: string, peer: string, work: PeerWork])[] = [
  [STEPS.rustEcdh, RUST, 'ecdh'],
  [STEPS.rustKey, RUST, 'read-key'],
  [STEPS.rustGenerate, RUST, 'generate'],
  [STEPS.pythonEcdh, PYTHON, 'ecdh'],
  [STEPS.pythonGenerate, PYTHON, 'generate'],
];

export function stepsOf(subject: Subject, peers: readonly Peer[]): Candidate[] {
  const { suite, spki, pkcs8, info, shared, text } = subject;
  const [privateKey, publicKey] = [importPrivateKey(suite, pkcs8), importPublicKey(suite, spki)];
  const key = createSecretKey(Buffer.alloc(32, 7));
  const aad = Buffer.from('field_0');
  const sealed = gcmSeal(key, aad, text);
  return [
    here(STEPS.ecdh, () => diffieHellman({ privateKey, publicKey })),
    here(STEPS.ecdhPoint, () => diffieHellman({ privateKey, publicKey: importPublicKey(suite, spki) })),
    here(STEPS.point, () => importPublicKey(suite, spki)),
    here(STEPS.key, () => importPrivateKey(suite, pkcs8)),
    here(STEPS.nodeKey, () => createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })),
    here(STEPS.generate, () => generateKeyPairSync('ec', { namedCurve: suite.curve })),
    here(STEPS.setup, () => setupRecipient(suite, shared.enc, privateKey, info)),
    here(STEPS.message, () => gcmOpen(key, aad, sealed)),
    ...PEER_STEPS.flatMap(([name, of, work]) =>
      peers.filter((peer) => peer.name === of).map((peer) => elsewhere(name, peer, work)),
    ),
  ];
}
