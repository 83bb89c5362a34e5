// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import type { Suite } from '@enclave-vault/hpke';
import { importPrivateKey, setupRecipient } from '@enclave-vault/hpke/open';
import { checkIdentity, info3, info12, type RecordIdentity } from './context.ts';
import { parseSealed, type SealedValue } from './encodings.ts';
import { RecordsError } from './errors.ts';
import { isJson } from './json.ts';
import { MAX_FIELDS, MAX_VALUE_BYTES } from './limits.ts';
import { isFieldName } from './names.ts';
import { unpad } from './padding.ts';

export type OpenedField = { readonly ok: true; readonly json: string } | { readonly ok: false };

type Context = ReturnType<typeof setupRecipient>;

const FAILED: OpenedField = Object.freeze({ ok: false });
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function importKey(suite: Suite, pkcs8: Uint8Array): KeyObject {
  try {
    return importPrivateKey(suite, pkcs8);
  } catch {
    throw new RecordsError('invalid_private_key');
  }
}

/** JSON text of an opened plaintext; undefined when it isn't what its encoding prescribes. */
function decode(encoding: SealedValue['encoding'], plaintext: Buffer): string | undefined {
  // Encodings 1 and 2 hold bare text, as the AWS sample wrote it.
  const bytes = encoding === 3 ? unpad(plaintext) : plaintext;
  if (bytes === undefined || bytes.length > MAX_VALUE_BYTES) return undefined;
  const text = DECODER.decode(bytes);
  if (encoding !== 3) return JSON.stringify(text);
  return isJson(text) ? text : undefined;
}

function openOne(context: Context, name: string, { encoding, seq, ciphertext }: SealedValue): OpenedField {
  const plaintext = context.openAt(seq, Buffer.from(name, 'latin1'), ciphertext);
  try {
    const json = decode(encoding, plaintext);
    return json === undefined ? FAILED : { ok: true, json };
  } finally {
    plaintext.fill(0);
  }
}

/**
 * Opens sealed fields of one record, of any encoding, in any order. Each name gets a result, in the order of
 * `sealed`; a field that doesn't open, for whatever reason, is `{ ok: false }` and has no influence on the others.
 *
 * The private key is imported once, and there is one ECDH for each write that the fields come from. The caller
 * zeroes `privateKeyPkcs8`. With `publicKeySpki`, the public key that the record names, nothing opens where that isn't
 * the private key's own: it is part of each context (RFC 9180 section 4.1). What is to be sealed to the record next
 * would otherwise be sealed to somebody else, and nobody would know. Throws `invalid_name` (tenant or vault id), `too_many_fields`, `invalid_private_key`.
 */
export function openFields(
  identity: RecordIdentity,
  suite: Suite,
  privateKeyPkcs8: Uint8Array,
  sealed: ReadonlyMap<string, Uint8Array | string>,
  publicKeySpki?: Uint8Array,
): Map<string, OpenedField> {
  const checked = checkIdentity(identity);
  if (sealed.size > MAX_FIELDS) throw new RecordsError('too_many_fields');
  const key = importKey(suite, privateKeyPkcs8);
  // The point is the end of an SPKI; one that is too short has none, and setupRecipient refuses it.
  const point = publicKeySpki?.subarray(-suite.encLength);
  // By info and enc; undefined where the encapsulated key was refused, so that it isn't tried again.
  const contexts = new Map<string, Context | undefined>();

  function contextOf({ encoding, enc }: SealedValue): Context | undefined {
    const id = `${encoding === 3 ? 3 : 2}${Buffer.from(enc).toString('latin1')}`;
    if (!contexts.has(id)) contexts.set(id, setup(encoding === 3 ? info3(checked) : info12(checked), enc));
    return contexts.get(id);
  }

  function setup(info: Buffer, enc: Uint8Array): Context | undefined {
    try {
      return setupRecipient(suite, enc, key, info, point);
    } catch {
      return undefined;
    }
  }

  const opened = new Map<string, OpenedField>();
  for (const [name, value] of sealed) {
    const parsed = isFieldName(name) ? parseSealed(suite, value) : undefined;
    const context = parsed && contextOf(parsed);
    try {
      opened.set(name, parsed && context ? openOne(context, name, parsed) : FAILED);
    } catch {
      opened.set(name, FAILED);
    }
  }
  return opened;
}
