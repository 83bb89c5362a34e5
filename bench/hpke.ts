// SPDX-License-Identifier: Apache-2.0
/**
 * HPKE and record formats against two other implementations and against the floor, in one run:
 * `npx node bench/hpke.ts [rounds]`. Medians in milliseconds; the ratio is to ours.
 *
 * A row is one write or one read of so many fields: one encapsulation, a message a field. Keys are imported
 * beforehand on all sides. The floor is what nobody can leave out: ECDH (and a fresh key pair when sealing) and
 * AES-GCM on node:crypto, without any key derivation. `records` does the whole of what the vault does: import of the
 * DER key, HPKE, padding, JSON check. The candidates take turns, so that a noisy machine is noisy for all.
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
} from 'node:crypto';
import { cpus } from 'node:os';
import { P256, P384, P521, type Suite } from '@enclave-vault/hpke';
import { importPrivateKey, setupRecipient } from '@enclave-vault/hpke/open';
import { generateKeyPair, importPublicKey, setupSender } from '@enclave-vault/hpke/seal';
import { openFields } from '@enclave-vault/records/open';
import { sealFields } from '@enclave-vault/records/seal';
import { makeCore, makeHpke, type Peer } from '../trusted/hpke/test/peers.ts';

const ROUNDS = Number(process.argv[2] ?? 60);
const COUNTS = [1, 12, 100];
const IDENTITY = { tenant: 'default', vaultId: 'v_01HV1XW70Q03PHK892JFQAY0Z5' };
const INFO = Buffer.from(`enclave-vault/3\0${IDENTITY.tenant}\0${IDENTITY.vaultId}`);
const TEXT = Buffer.from('"a value of 32 bytes with quotes"'.padEnd(64, '\0'));
const NONCE = Buffer.alloc(12);
const KEY = createSecretKey(Buffer.alloc(32, 7));

type Work = () => unknown;

/** Median milliseconds of each candidate, which take turns. */
async function measure(candidates: Record<string, Work>): Promise<Record<string, number>> {
  const times = new Map<string, number[]>(Object.keys(candidates).map((name) => [name, []]));
  for (let round = -5; round < ROUNDS; round++) {
    for (const [name, work] of Object.entries(candidates)) {
      const start = process.hrtime.bigint();
      await work();
      const elapsed = Number(process.hrtime.bigint() - start) / 1e6;
      if (round >= 0) times.get(name)?.push(elapsed);
    }
  }
  const median = (list: number[]): number => list.sort((a, b) => a - b)[list.length >> 1] ?? Number.NaN;
  return Object.fromEntries([...times].map(([name, list]) => [name, median(list)]));
}

function floorSeal(aads: readonly Buffer[]): Buffer[] {
  return aads.map((aad) => {
    const cipher = createCipheriv('aes-256-gcm', KEY, NONCE, { authTagLength: 16 });
    cipher.setAAD(aad);
    const text = cipher.update(TEXT);
    cipher.final();
    return Buffer.concat([text, cipher.getAuthTag()]);
  });
}

function floorOpen(aads: readonly Buffer[], sealed: readonly Buffer[]): void {
  aads.forEach((aad, i) => {
    const value = sealed[i] ?? NONCE;
    const decipher = createDecipheriv('aes-256-gcm', KEY, NONCE, { authTagLength: 16 });
    decipher.setAAD(aad);
    decipher.setAuthTag(value.subarray(-16));
    decipher.update(value.subarray(0, -16));
    decipher.final();
  });
}

async function peerWrite(peer: Peer, aads: readonly Buffer[]): Promise<void> {
  const context = await peer.sender(INFO);
  for (const aad of aads) await context.seal(aad, TEXT);
}

async function peerRead(
  peer: Peer,
  enc: Uint8Array,
  aads: readonly Buffer[],
  sealed: readonly Buffer[],
): Promise<void> {
  const context = await peer.recipient(enc, INFO);
  for (const [i, aad] of aads.entries()) await context.open(aad, sealed[i] ?? NONCE);
}

async function candidates(
  suite: Suite,
  count: number,
): Promise<Record<'seal' | 'open', Record<string, Work>>> {
  const pair = generateKeyPair(suite);
  const spki = pair.publicKey.export({ format: 'der', type: 'spki' });
  const pkcs8 = pair.privateKey.export({ format: 'der', type: 'pkcs8' });
  const scalar = Buffer.from(pair.privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
  const [hpke, core] = [
    await makeHpke(suite, scalar, spki.subarray(-suite.encLength)),
    await makeCore(suite, scalar, spki.subarray(-suite.encLength)),
  ];
  const [publicKey, privateKey] = [importPublicKey(suite, spki), importPrivateKey(suite, pkcs8)];
  const names = Array.from({ length: count }, (_, i) => `field_${i}`);
  const aads = names.map((name) => Buffer.from(name));
  const sender = setupSender(suite, publicKey, INFO);
  const sealed = aads.map((aad) => sender.seal(aad, TEXT));
  const fields = new Map(names.map((name) => [name, '"a value of 32 bytes with quotes"']));
  const record = sealFields(IDENTITY, suite, spki, fields);
  const floorSealed = floorSeal(aads);
  return {
    seal: {
      ours: () => {
        const context = setupSender(suite, publicKey, INFO);
        for (const aad of aads) context.seal(aad, TEXT);
      },
      hpke: () => peerWrite(hpke, aads),
      '@hpke/core': () => peerWrite(core, aads),
      floor: () => {
        const ephemeral = generateKeyPairSync('ec', { namedCurve: suite.curve });
        diffieHellman({ privateKey: ephemeral.privateKey, publicKey });
        floorSeal(aads);
      },
      records: () => sealFields(IDENTITY, suite, spki, fields),
    },
    open: {
      ours: () => {
        const context = setupRecipient(suite, sender.enc, privateKey, INFO);
        for (const [i, aad] of aads.entries()) context.openAt(i, aad, sealed[i] ?? NONCE);
      },
      hpke: () => peerRead(hpke, sender.enc, aads, sealed),
      '@hpke/core': () => peerRead(core, sender.enc, aads, sealed),
      floor: () => {
        diffieHellman({ privateKey, publicKey });
        floorOpen(aads, floorSealed);
      },
      records: () => openFields(IDENTITY, suite, pkcs8, record),
    },
  };
}

console.log(
  `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, ${ROUNDS} rounds, medians in ms`,
);
const rows: Record<string, string | number>[] = [];
for (const suite of [P256, P384, P521]) {
  for (const count of COUNTS) {
    const work = await candidates(suite, count);
    for (const direction of ['seal', 'open'] as const) {
      const { ours = 0, floor = 0, records = 0, ...peers } = await measure(work[direction]);
      const row: Record<string, string | number> = { suite: suite.name, what: direction, fields: count };
      row.ours = ours.toFixed(3);
      for (const [name, time] of Object.entries(peers))
        row[name] = `${time.toFixed(3)} (${(time / ours).toFixed(1)}x)`;
      row.floor = `${floor.toFixed(3)} (${(floor / ours).toFixed(2)}x)`;
      row.records = records.toFixed(3);
      rows.push(row);
    }
  }
}
console.table(rows);
