// SPDX-License-Identifier: Apache-2.0
/**
 * Interop of trusted/hpke and trusted/records with hpke-py, both directions, three suites:
 * `npx node tests/interop/hpke/run.heavy.ts`. Prints one line a check that failed, and `N passed, N failed`.
 * Without Python it says so and ends with 0.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { P256, P384, P521, type Suite, suiteId } from '@enclave-vault/hpke';
import { importPrivateKey, setupRecipient } from '@enclave-vault/hpke/open';
import { generateKeyPair, importPublicKey, setupSender } from '@enclave-vault/hpke/seal';
import { recordMac } from '@enclave-vault/records';
import { openFields } from '@enclave-vault/records/open';
import { sealFields } from '@enclave-vault/records/seal';
import { type Answer, type Json, type PythonPeer, startPythonPeer } from './python-peer.ts';

const ROUNDS = 20;
const IDENTITY = { tenant: 'acme-1', vaultId: 'v_01HV1XW70Q03PHK892JFQAY0Z5' };
const FIELDS = { first_name: 'Zoë', dob: '1990-02-29', ssn9: '123456789', address1: 'x'.repeat(200), a: '' };

let passed = 0;
let failed = 0;

function check(name: string, holds: boolean): void {
  if (holds) passed++;
  else {
    failed++;
    console.log(`FAILED ${name}`);
  }
}

const bytes = (value: Json | undefined): Buffer => Buffer.from(typeof value === 'string' ? value : '', 'hex');
const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
const object = (value: Json | undefined): Answer =>
  value instanceof Object && !Array.isArray(value) ? (value as Answer) : {};
const hexValues = (map: ReadonlyMap<string, Uint8Array>): Answer =>
  Object.fromEntries([...map].map(([name, value]) => [name, Buffer.from(value).toString('hex')]));

interface Keys {
  readonly spki: Buffer;
  readonly pkcs8: Buffer;
}

function freshKeys(suite: Suite): Keys {
  const { publicKey, privateKey } = generateKeyPair(suite);
  return {
    spki: publicKey.export({ format: 'der', type: 'spki' }),
    pkcs8: privateKey.export({ format: 'der', type: 'pkcs8' }),
  };
}

function randomMessages(count: number): { aad: Buffer; text: Buffer }[] {
  return Array.from({ length: count }, () => ({
    aad: randomBytes(randomInt(0, 40)),
    text: randomBytes(randomInt(0, 500)),
  }));
}

async function theySealWeOpen(peer: PythonPeer, suite: Suite, keys: Keys, count: number): Promise<void> {
  const { spki, pkcs8 } = keys;
  const messages = randomMessages(count);
  const info = randomBytes(randomInt(0, 40));
  const answer = await peer.ask({
    do: 'seal',
    suite: suite.name,
    spki: spki.toString('hex'),
    info: info.toString('hex'),
    messages: messages.map(({ aad, text }) => [aad.toString('hex'), text.toString('hex')]),
  });
  const context = setupRecipient(suite, bytes(answer.enc), importPrivateKey(suite, pkcs8), info);
  const sealed = list(answer.sealed).map(bytes);
  for (let seq = messages.length - 1; seq >= 0; seq--) {
    const { aad = info, text = info } = messages[seq] ?? {};
    const opened = context.openAt(seq, aad, sealed[seq] ?? info);
    check(`${suite.name}: we open message ${seq} of theirs`, opened.equals(text));
  }
  const exported = context.export(Buffer.from('interop'), 77);
  check(`${suite.name}: exported secrets, they send`, exported.equals(bytes(answer.exported)));
}

async function weSealTheyOpen(peer: PythonPeer, suite: Suite, keys: Keys, count: number): Promise<void> {
  const { spki, pkcs8 } = keys;
  const messages = randomMessages(count);
  const info = randomBytes(randomInt(0, 40));
  const context = setupSender(suite, importPublicKey(suite, spki), info);
  const sealed = messages.map(({ aad, text }) => [
    aad.toString('hex'),
    context.seal(aad, text).toString('hex'),
  ]);
  const changed = context.seal(info, info);
  changed[0] = (changed[0] ?? 0) ^ 1;
  const answer = await peer.ask({
    do: 'open',
    suite: suite.name,
    pkcs8: pkcs8.toString('hex'),
    enc: context.enc.toString('hex'),
    info: info.toString('hex'),
    sealed: [...sealed, [info.toString('hex'), changed.toString('hex')]],
  });
  const texts = list(answer.texts);
  messages.forEach(({ text }, seq) => {
    check(`${suite.name}: they open message ${seq} of ours`, texts[seq] === text.toString('hex'));
  });
  check(`${suite.name}: they refuse a changed message`, texts[messages.length] === null);
  const exported = context.export(Buffer.from('interop'), 77);
  check(`${suite.name}: exported secrets, we send`, exported.equals(bytes(answer.exported)));
}

async function records(peer: PythonPeer, suite: Suite, { spki, pkcs8 }: Keys): Promise<void> {
  const fields = Object.fromEntries(
    Object.entries(FIELDS).map(([name, text]) => [name, JSON.stringify(text)]),
  );
  const common = {
    suite: suite.name,
    tenant: IDENTITY.tenant,
    vault_id: IDENTITY.vaultId,
    spki: spki.toString('hex'),
    pkcs8: pkcs8.toString('hex'),
  };
  const opensAll = (name: string, sealed: ReadonlyMap<string, Uint8Array | string>): void => {
    for (const [field, result] of openFields(IDENTITY, suite, pkcs8, sealed)) {
      check(`${suite.name}: ${name}, ${field}`, result.ok && result.json === fields[field]);
    }
    check(`${suite.name}: ${name}, all there`, sealed.size === Object.keys(FIELDS).length);
  };
  const decoded = (answer: Json | undefined) =>
    new Map(Object.entries(object(answer)).map(([name, value]) => [name, bytes(value)]));

  const theirs = await peer.ask({ ...common, do: 'seal_fields', fields });
  opensAll('encoding 3 of theirs', decoded(theirs.sealed));
  const old = await peer.ask({ ...common, do: 'seal_old', fields: FIELDS });
  opensAll('encoding 1 of theirs', new Map(Object.entries(object(old.one)).map(([k, v]) => [k, `${v}`])));
  opensAll('encoding 2 of theirs', decoded(old.two));

  const ours = sealFields(IDENTITY, suite, spki, new Map(Object.entries(fields)));
  const answer = await peer.ask({ ...common, do: 'open_fields', sealed: hexValues(ours) });
  const opened = object(answer.opened);
  for (const [name, json] of Object.entries(fields)) {
    check(`${suite.name}: encoding 3 of ours, ${name}`, opened[name] === json);
  }
  await mac(peer, suite, spki, ours, `${object(old.one).dob}`);
}

async function mac(
  peer: PythonPeer,
  suite: Suite,
  pk: Buffer,
  sealed: ReadonlyMap<string, Buffer>,
  old: string,
): Promise<void> {
  const [key, sk] = [randomBytes(32), randomBytes(300)];
  const plain = {
    id: IDENTITY.vaultId,
    tenant: IDENTITY.tenant,
    kk: 'arn:aws:kms:::key/é',
    sv: 300,
    rev: 70_000,
  };
  const hs = suiteId(suite);
  const fields = new Map<string, Uint8Array | string>([['old', old], ...sealed]);
  const answer = await peer.ask({
    do: 'mac',
    key: key.toString('hex'),
    record: {
      ...plain,
      hs: hs.toString('hex'),
      pk: pk.toString('hex'),
      sk: sk.toString('hex'),
      fields: hexValues(sealed),
      old_fields: { old },
    },
  });
  check(`${suite.name}: MAC`, recordMac(key, { ...plain, hs, pk, sk, fields }).equals(bytes(answer.mac)));
}

const peer = startPythonPeer();
if ('missing' in peer) {
  console.log(`SKIPPED: hpke-py interop (${peer.missing})`);
} else {
  for (const suite of [P256, P384, P521]) {
    const keys = freshKeys(suite);
    for (let round = 0; round < ROUNDS; round++) {
      await theySealWeOpen(peer, suite, keys, 1 + (round % 5));
      await weSealTheyOpen(peer, suite, keys, 1 + (round % 5));
    }
    await records(peer, suite, keys);
  }
  peer.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
