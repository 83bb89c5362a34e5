// SPDX-License-Identifier: Apache-2.0
/** What every candidate gets to open and to seal: one record's key pair, and so many fields in either format. */
import type { Suite } from '@enclave-vault/hpke';
import { generateKeyPair, importPublicKey, setupSender } from '@enclave-vault/hpke/seal';
import { sealFields } from '@enclave-vault/records/seal';

export const IDENTITY = { tenant: 'default', vaultId: 'v_01HV1XW70Q03PHK892JFQAY0Z5' };
/** A field's value, JSON text; padded as the record format does it, 64 bytes. */
const JSON_TEXT = '"a value of thirty-two bytes or so"';
const PADDED = 64;

export interface Subject {
  readonly suite: Suite;
  readonly spki: Buffer;
  readonly pkcs8: Buffer;
  readonly scalar: Buffer;
  readonly point: Buffer;
  readonly info: Buffer;
  /** What a message says; the same for all. */
  readonly text: Buffer;
  /** The names of the fields, and the same as bytes. */
  readonly names: readonly string[];
  readonly aads: readonly Buffer[];
  /** One encapsulation for all fields: this project's format. */
  readonly shared: { readonly enc: Buffer; readonly sealed: readonly Buffer[] };
  /** An encapsulation for each field: the AWS sample's format. */
  readonly each: readonly { readonly enc: Buffer; readonly sealed: Buffer }[];
  /** The same as the vault stores them: encodings 3 and 2 of trusted/records/SPEC.md, and what is sealed to get the former. */
  readonly record: ReadonlyMap<string, Buffer>;
  readonly oldRecord: ReadonlyMap<string, Buffer>;
  readonly values: ReadonlyMap<string, string>;
}

export function makeSubject(suite: Suite, count: number): Subject {
  const pair = generateKeyPair(suite);
  const spki = pair.publicKey.export({ format: 'der', type: 'spki' });
  const publicKey = importPublicKey(suite, spki);
  const info = Buffer.from(`enclave-vault/3\0${IDENTITY.tenant}\0${IDENTITY.vaultId}`);
  const text = Buffer.alloc(PADDED);
  text.write(JSON_TEXT);
  text[JSON_TEXT.length] = 0x80;
  const names = Array.from({ length: count }, (_, i) => `field_${i}`);
  const aads = names.map((name) => Buffer.from(name));
  const sender = setupSender(suite, publicKey, info);
  const values = new Map(names.map((name) => [name, JSON_TEXT]));
  return {
    suite,
    spki,
    pkcs8: pair.privateKey.export({ format: 'der', type: 'pkcs8' }),
    scalar: Buffer.from(pair.privateKey.export({ format: 'jwk' }).d ?? '', 'base64url'),
    point: spki.subarray(-suite.encLength),
    info,
    text,
    names,
    aads,
    shared: { enc: sender.enc, sealed: aads.map((aad) => sender.seal(aad, text)) },
    each: aads.map((aad) => {
      const context = setupSender(suite, publicKey, info);
      return { enc: context.enc, sealed: context.seal(aad, text) };
    }),
    record: sealFields(IDENTITY, suite, spki, values),
    oldRecord: new Map(
      names.map((name) => {
        const context = setupSender(suite, publicKey, Buffer.from(IDENTITY.vaultId));
        return [name, Buffer.concat([context.enc, context.seal(Buffer.from(name), Buffer.from(JSON_TEXT))])];
      }),
    ),
    values,
  };
}
