// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseEnvelope } from '@enclave-vault/protocol';
import { decodeState } from '../../emulators/kms/src/state/encoding.ts';
import { openFile } from '../../emulators/kms/src/state/envelope.ts';
import { type DecryptCall, FalseKms, type KmsReply, passOn } from './false-kms.ts';
import type { GlassVault } from './glass-vault.ts';

/** What passed between a genuine enclave and KMS while it answered one request of the API's. */
export interface Captured {
  readonly exchanges: readonly { readonly call: DecryptCall; readonly reply: KmsReply }[];
  /** The attestation document that the enclave sent last. */
  readonly document: Buffer;
  /** The request data key as KMS wrapped it. */
  readonly wrappedRequestKey: Uint8Array;
}

/**
 * No parent sees a document of the vault's enclave: it goes to KMS under TLS. To have one all the same, the key of KMS's own
 * certificate authority is stolen, and a server with a certificate of it put between a genuine enclave and KMS.
 * @param id of a record, of which the enclave reveals `first_name`
 */
export async function capture(glass: GlassVault, id: string): Promise<Captured> {
  const { payload } = await openFile(readFileSync(glass.files.kms, 'utf8'), undefined);
  const { certificate, privateKey } = decodeState(payload).authority;
  const exchanges: { call: DecryptCall; reply: KmsReply }[] = [];
  const kms = new FalseKms({ certificate, key: createPrivateKey(privateKey) }, async (call) => {
    const reply = await passOn(call, glass.vault.kms.inside, glass.vault.kms.ca);
    exchanges.push({ call, reply });
    return reply;
  });
  const rogue = await glass.launch({ kms: kms.server });
  await rogue.configure(glass.vault.configuration());
  let wrappedRequestKey: Uint8Array | undefined;
  glass.between = ({ body }) => {
    wrappedRequestKey = parseEnvelope(body).key;
    return rogue.post('/v1/decrypt', glass.parentRequest(body));
  };
  const { status } = await glass.decrypt(id, ['first_name']);
  await glass.settle();
  const document = exchanges.at(-1)?.call.document;
  if (status !== 200 || document === undefined || wrappedRequestKey === undefined)
    throw new Error(`nothing was captured: status ${status}`);
  return { exchanges, document, wrappedRequestKey };
}
