// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import type { Suite } from '@enclave-vault/hpke';
import {
  importPrivateKey,
  type RecipientContext,
  setupRecipient,
  setupRecipientAsync,
} from '@enclave-vault/hpke/open';
import { checkIdentity, info3, info12, type RecordIdentity } from './context.ts';
import { parseSealed, type SealedValue } from './encodings.ts';
import { RecordsError } from './errors.ts';
import { isJson } from './json.ts';
import { MAX_FIELDS, MAX_VALUE_BYTES } from './limits.ts';
import { isFieldName } from './names.ts';
import { unpad } from './padding.ts';

export type OpenedField = { readonly ok: true; readonly json: string } | { readonly ok: false };

const FAILED: OpenedField = Object.freeze({ ok: false });
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const KEY = Symbol('key');
const CONTEXTS = Symbol('contexts');

/** Contexts that a prepared key keeps: a record that was written oftener has its first writes' kept. */
const KEPT_CONTEXTS = 16;

/**
 * A record's private key, read and checked once for any number of calls, and the contexts it has set up: fields of a write that
 * was read before cost no ECDH any more. All of it is OpenSSL's memory, zeroed when collected: to forget a key is to let go of it.
 */
export interface PreparedPrivateKey {
  readonly suite: Suite;
  readonly [KEY]: KeyObject;
  readonly [CONTEXTS]: Map<string, RecipientContext>;
}

/** From PKCS#8 DER, which the caller zeroes when this has returned. Throws `invalid_private_key`. */
export function preparePrivateKey(suite: Suite, pkcs8: Uint8Array): PreparedPrivateKey {
  try {
    return Object.freeze({ suite, [KEY]: importPrivateKey(suite, pkcs8), [CONTEXTS]: new Map() });
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

function openOne(context: RecipientContext | undefined, name: string, value?: SealedValue): OpenedField {
  if (context === undefined || value === undefined) return FAILED;
  let plaintext: Buffer | undefined;
  try {
    plaintext = context.openAt(value.seq, Buffer.from(name, 'latin1'), value.ciphertext);
    const json = decode(value.encoding, plaintext);
    return json === undefined ? FAILED : { ok: true, json };
  } catch {
    return FAILED;
  } finally {
    plaintext?.fill(0);
  }
}

type Setup = Parameters<typeof setupRecipient>;
type Attempt = readonly [id: string, context: RecipientContext | undefined];

interface Plan {
  /** Contexts that are wanted and not there yet, by all that goes into them. */
  readonly setups: ReadonlyMap<string, Setup>;
  /** Opens the fields. An attempt without a context is one that was refused: it isn't made again for the next field. */
  open(attempts: readonly Attempt[]): Map<string, OpenedField>;
}

function plan(
  identity: RecordIdentity,
  suite: Suite,
  privateKey: Uint8Array | PreparedPrivateKey,
  sealed: ReadonlyMap<string, Uint8Array | string>,
  publicKeySpki?: Uint8Array,
): Plan {
  const checked = checkIdentity(identity);
  if (sealed.size > MAX_FIELDS) throw new RecordsError('too_many_fields');
  const prepared = privateKey instanceof Uint8Array ? preparePrivateKey(suite, privateKey) : privateKey;
  if (prepared.suite !== suite) throw new RecordsError('invalid_private_key');
  // The point is the end of an SPKI; one that is too short has none, and setupRecipient refuses it.
  const point = publicKeySpki?.subarray(-suite.encLength);
  const key = point === undefined ? '-' : Buffer.from(point).toString('latin1');
  const setups = new Map<string, Setup>();
  let last: { encoding3: boolean; enc: Uint8Array; id: string } | undefined;
  function contextId({ encoding, enc }: SealedValue): string {
    const encoding3 = encoding === 3;
    // Mostly all fields are of one write.
    if (last?.encoding3 === encoding3 && Buffer.compare(last.enc, enc) === 0) return last.id;
    const info = encoding3 ? info3(checked) : info12(checked);
    const id = `${info.toString('latin1')}\0${Buffer.from(enc).toString('latin1')}${key}`;
    if (!prepared[CONTEXTS].has(id)) setups.set(id, [suite, enc, prepared[KEY], info, point]);
    last = { encoding3, enc, id };
    return id;
  }
  const parsed = [...sealed].map(([name, bytes]) => {
    const value = isFieldName(name) ? parseSealed(suite, bytes) : undefined;
    return value === undefined ? { name } : { name, value, id: contextId(value) };
  });
  return {
    setups,
    open: (attempts) => {
      const contexts = new Map<string, RecipientContext | undefined>(attempts);
      for (const [id, context] of attempts) {
        if (context && prepared[CONTEXTS].size < KEPT_CONTEXTS) prepared[CONTEXTS].set(id, context);
      }
      const contextOf = (id = ''): RecipientContext | undefined =>
        contexts.get(id) ?? prepared[CONTEXTS].get(id);
      return new Map(parsed.map(({ name, value, id }) => [name, openOne(contextOf(id), name, value)]));
    },
  };
}

/**
 * Opens sealed fields of one record, of any encoding, in any order. Each name gets a result, in the order of
 * `sealed`; a field that doesn't open, for whatever reason, is `{ ok: false }` and has no influence on the others.
 *
 * There is one ECDH for each write that the fields come from. Who gives a key as PKCS#8 DER zeroes it; it is imported once.
 * With `publicKeySpki`, the public key that the record names, nothing opens where that isn't
 * the private key's own: it is part of each context (RFC 9180 section 4.1). What is to be sealed to the record next
 * would otherwise be sealed to somebody else, and nobody would know. Throws `invalid_name` (tenant or vault id), `too_many_fields`,
 * `invalid_private_key` (that of another suite, too).
 */
export function openFields(
  identity: RecordIdentity,
  suite: Suite,
  privateKey: Uint8Array | PreparedPrivateKey,
  sealed: ReadonlyMap<string, Uint8Array | string>,
  publicKeySpki?: Uint8Array,
): Map<string, OpenedField> {
  const { setups, open } = plan(identity, suite, privateKey, sealed, publicKeySpki);
  return open([...setups].map(([id, setup]) => [id, attempt(setup)]));
}

/**
 * The same with each ECDH on the thread pool, all at once; rejects as `openFields` throws. The private key was read, and may be
 * zeroed, when the call has returned its promise.
 */
export async function openFieldsAsync(
  identity: RecordIdentity,
  suite: Suite,
  privateKey: Uint8Array | PreparedPrivateKey,
  sealed: ReadonlyMap<string, Uint8Array | string>,
  publicKeySpki?: Uint8Array,
): Promise<Map<string, OpenedField>> {
  const { setups, open } = plan(identity, suite, privateKey, sealed, publicKeySpki);
  return open(
    await Promise.all(
      [...setups].map(async ([id, setup]): Promise<Attempt> => {
        return [id, await setupRecipientAsync(...setup).catch(() => undefined)];
      }),
    ),
  );
}

function attempt(setup: Setup): RecipientContext | undefined {
  try {
    return setupRecipient(...setup);
  } catch {
    return undefined;
  }
}
