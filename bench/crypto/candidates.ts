// SPDX-License-Identifier: Apache-2.0
/** Who takes part in a comparison. Keys are read beforehand wherever a candidate can keep them; every opening is checked. */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { importPrivateKey, setupRecipient } from '@enclave-vault/hpke/open';
import { importPublicKey, setupSender } from '@enclave-vault/hpke/seal';
import { openFields, type PreparedPrivateKey, preparePrivateKey } from '@enclave-vault/records/open';
import { sealFields } from '@enclave-vault/records/seal';
import { type Peer as JsPeer, PEERS } from '../../trusted/hpke/test/peers.ts';
import { type Direction, FLOOR, type Format, OURS, RECORDS, RECORDS_AGAIN, RECORDS_DER } from './names.ts';
import type { Peer, PeerWork } from './peers.ts';
import { IDENTITY, type Subject } from './subject.ts';
import { type Candidate, here } from './turns.ts';

/** A prepared key keeps the contexts of so many writes. */
const KEPT_CONTEXTS = 16;
const NONCE = Buffer.alloc(12);
const TAG_LENGTH = 16;

function same(opened: Uint8Array, text: Buffer): void {
  if (Buffer.compare(opened, text) !== 0) throw new Error('it opened to something else');
}

function opensAll(result: ReadonlyMap<string, { readonly ok: boolean }>, count: number): void {
  let opened = 0;
  for (const { ok } of result.values()) if (ok) opened++;
  if (opened !== count) throw new Error('a field did not open');
}

/** A prepared key that has as many contexts as it keeps, of other writes: what it opens now costs an ECDH. */
export function busyKey(subject: Subject): PreparedPrivateKey {
  const { suite, spki, pkcs8 } = subject;
  const key = preparePrivateKey(suite, pkcs8);
  for (let i = 0; i < KEPT_CONTEXTS; i++) {
    opensAll(
      openFields(IDENTITY, suite, key, sealFields(IDENTITY, suite, spki, new Map([['a', '1']])), spki),
      1,
    );
  }
  return key;
}

/** A candidate in a process of its own. */
export const elsewhere = (name: string, { run }: Peer, work: PeerWork): Candidate => ({
  name,
  process: 'own',
  times: (rounds) => run(work, rounds),
});

/** The candidates of one row. */
export async function candidatesOf(
  direction: Direction,
  format: Format,
  subject: Subject,
  peers: readonly Peer[],
): Promise<Candidate[]> {
  const inProcess = direction === 'open' ? await openers(format, subject) : await sealers(format, subject);
  const work: PeerWork = `${direction}-${format}`;
  return [...inProcess, ...peers.map((peer) => elsewhere(peer.name, peer, work))];
}

const jsPeers = ({ suite, scalar, point }: Subject): Promise<[string, JsPeer][]> =>
  Promise.all(PEERS.map(async ([name, make]) => [name, await make(suite, scalar, point)]));

async function openers(format: Format, subject: Subject): Promise<Candidate[]> {
  const { suite, spki, pkcs8, info, text, aads, shared, each } = subject;
  const privateKey = importPrivateKey(suite, pkcs8);
  const ready = busyKey(subject);
  const messages =
    format === 'shared'
      ? [{ enc: shared.enc, of: aads.map((aad, i) => ({ aad, sealed: shared.sealed[i] ?? NONCE })) }]
      : each.map(({ enc, sealed }, i) => ({ enc, of: [{ aad: aads[i] ?? NONCE, sealed }] }));
  const record = format === 'shared' ? subject.record : subject.oldRecord;
  const records = (key: PreparedPrivateKey | Uint8Array) => () =>
    opensAll(openFields(IDENTITY, suite, key, record, spki), aads.length);
  const again = preparePrivateKey(suite, pkcs8);
  return [
    here(FLOOR, floorOpener(format, subject, privateKey)),
    here(OURS, () => {
      for (const { enc, of } of messages) {
        const context = setupRecipient(suite, enc, privateKey, info);
        for (const [seq, { aad, sealed }] of of.entries()) same(context.openAt(seq, aad, sealed), text);
      }
    }),
    here(RECORDS, records(ready)),
    here(RECORDS_DER, records(pkcs8)),
    ...(format === 'shared' ? [here(RECORDS_AGAIN, records(again))] : []),
    ...(await jsPeers(subject)).map(([name, peer]) =>
      here(name, async () => {
        for (const { enc, of } of messages) {
          const context = await peer.recipient(enc, info);
          for (const { aad, sealed } of of) same(await context.open(aad, sealed), text);
        }
      }),
    ),
  ];
}

async function sealers(format: Format, subject: Subject): Promise<Candidate[]> {
  const { suite, spki, info, text, aads, values } = subject;
  const publicKey = importPublicKey(suite, spki);
  const key = createSecretKey(Buffer.alloc(32, 7));
  const groups = format === 'shared' ? [aads] : aads.map((aad) => [aad]);
  return [
    here(FLOOR, () => {
      for (const group of groups) {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: suite.curve });
        diffieHellman({ privateKey, publicKey });
        for (const aad of group) gcmSeal(key, aad, text);
      }
    }),
    here(OURS, () => {
      for (const group of groups) {
        const context = setupSender(suite, publicKey, info);
        for (const aad of group) context.seal(aad, text);
      }
    }),
    ...(format === 'shared' ? [here(RECORDS, () => sealFields(IDENTITY, suite, spki, values))] : []),
    ...(await jsPeers(subject)).map(([name, peer]) =>
      here(name, async () => {
        for (const group of groups) {
          const context = await peer.sender(info);
          for (const aad of group) await context.seal(aad, text);
        }
      }),
    ),
  ];
}

/** What nobody can leave out on node:crypto: the ECDHs and the AES-GCM, without any derivation of keys or reading of points. */
function floorOpener(format: Format, subject: Subject, privateKey: KeyObject): () => void {
  const { suite, spki, aads, text } = subject;
  const publicKey = importPublicKey(suite, spki);
  const key = createSecretKey(Buffer.alloc(32, 7));
  const sealed = aads.map((aad) => gcmSeal(key, aad, text));
  const ecdhs = format === 'shared' ? 1 : aads.length;
  return () => {
    for (let i = 0; i < ecdhs; i++) diffieHellman({ privateKey, publicKey });
    for (const [i, aad] of aads.entries()) same(gcmOpen(key, aad, sealed[i] ?? NONCE), text);
  };
}

export function gcmSeal(key: KeyObject, aad: Buffer, text: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, NONCE, { authTagLength: TAG_LENGTH });
  cipher.setAAD(aad);
  const ciphertext = cipher.update(text);
  cipher.final();
  return Buffer.concat([ciphertext, cipher.getAuthTag()]);
}

export function gcmOpen(key: KeyObject, aad: Buffer, sealed: Buffer): Buffer {
  const end = sealed.length - TAG_LENGTH;
  const decipher = createDecipheriv('aes-256-gcm', key, NONCE, { authTagLength: TAG_LENGTH });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(end));
  const text = decipher.update(sealed.subarray(0, end));
  decipher.final();
  return text;
}
