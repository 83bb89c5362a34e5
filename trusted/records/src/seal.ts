// SPDX-License-Identifier: Apache-2.0
import type { Suite } from '@enclave-vault/hpke';
import { type SenderContext, setupSender, setupSenderAsync } from '@enclave-vault/hpke/seal';
import { checkIdentity, info3, type RecordIdentity } from './context.ts';
import { encode3 } from './encodings.ts';
import { RecordsError } from './errors.ts';
import { isJson } from './json.ts';
import { MAX_FIELDS, MAX_VALUE_BYTES } from './limits.ts';
import { isFieldName } from './names.ts';
import { pad } from './padding.ts';
import { recipientKey } from './recipient-keys.ts';

function checkFields(fields: ReadonlyMap<string, string>): void {
  if (fields.size > MAX_FIELDS) throw new RecordsError('too_many_fields');
  for (const [name, json] of fields) {
    if (!isFieldName(name)) throw new RecordsError('invalid_name');
    if (Buffer.byteLength(json, 'utf8') > MAX_VALUE_BYTES) throw new RecordsError('value_too_large');
    // A lone surrogate would silently become U+FFFD in UTF-8.
    if (!json.isWellFormed() || !isJson(json)) throw new RecordsError('invalid_json');
  }
}

/** What is left to do when there is a context. */
interface Plan {
  readonly setup: Parameters<typeof setupSender>;
  seal(context: SenderContext): Map<string, Buffer>;
}

/** Checks everything before anything is sealed; null where nothing is to be. */
function plan(
  identity: RecordIdentity,
  suite: Suite,
  publicKeySpki: Uint8Array,
  fields: ReadonlyMap<string, string>,
): Plan | null {
  const checked = checkIdentity(identity);
  // A copy, so that nothing changes between check and use.
  const entries = new Map([...fields].sort(([a], [b]) => (a < b ? -1 : 1)));
  checkFields(entries);
  const key = recipientKey(suite, publicKeySpki);
  if (entries.size === 0) return null;
  return {
    setup: [suite, key, info3(checked)],
    seal: (context) => {
      const sealed = new Map<string, Buffer>();
      for (const [name, json] of entries) {
        const plaintext = pad(json);
        const seq = sealed.size;
        sealed.set(name, encode3(seq, context.enc, context.seal(Buffer.from(name, 'latin1'), plaintext)));
        plaintext.fill(0);
      }
      return sealed;
    },
  };
}

/**
 * Seals the fields of one write in encoding 3, under one fresh encapsulation: message `seq` is the field at that
 * place in name order. Returns the values to store, in name order; an empty write makes no encapsulation.
 *
 * `fields` maps names to JSON texts. Throws `invalid_name`, `too_many_fields`, `value_too_large`, `invalid_json`,
 * `invalid_public_key`; everything is checked before anything is sealed.
 */
export function sealFields(
  identity: RecordIdentity,
  suite: Suite,
  publicKeySpki: Uint8Array,
  fields: ReadonlyMap<string, string>,
): Map<string, Buffer> {
  const planned = plan(identity, suite, publicKeySpki, fields);
  return planned === null ? new Map() : planned.seal(setupSender(...planned.setup));
}

/** The same with the key pair and the ECDH made on the thread pool; rejects as `sealFields` throws. */
export async function sealFieldsAsync(
  identity: RecordIdentity,
  suite: Suite,
  publicKeySpki: Uint8Array,
  fields: ReadonlyMap<string, string>,
): Promise<Map<string, Buffer>> {
  const planned = plan(identity, suite, publicKeySpki, fields);
  return planned === null ? new Map() : planned.seal(await setupSenderAsync(...planned.setup));
}
