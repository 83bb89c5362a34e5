// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { unsafeParseAttestation } from '@enclave-vault/attestation';
import {
  buildAttestationDocument,
  buildNitroChain,
  type CertifiedKey,
  loadNitroRoot,
  type NitroChain,
} from '@enclave-vault/emulator-pki';
import type { GlassVault } from './glass-vault.ts';

/** What a document is to say, where it is not to be that of the vault's enclave. */
export interface DocumentChanges {
  readonly timestamp?: number;
  readonly chain?: NitroChain;
  /** Registers instead of the enclave's; null: not in the document. */
  readonly pcrs?: Readonly<Record<number, Uint8Array | null>>;
  readonly publicKey?: Uint8Array | null;
}

/** The hypervisor's root with its private key, as nobody but the hypervisor has it. */
export function hypervisorRoot(glass: GlassVault): CertifiedKey {
  const { root } = JSON.parse(readFileSync(glass.files.hypervisor, 'utf8')) as {
    root: { certificate: string; key: string };
  };
  return loadNitroRoot(root.certificate, root.key);
}

/** Writes documents that differ from a genuine one in one thing each: what KMS must see, not what an attacker can. */
export class Documents {
  readonly #genuine: ReturnType<typeof unsafeParseAttestation>['claims'];
  readonly #chain: NitroChain;

  constructor(glass: GlassVault, genuine: Uint8Array) {
    this.#genuine = unsafeParseAttestation(genuine).claims;
    this.#chain = buildNitroChain({ root: hypervisorRoot(glass), at: Date.now() });
  }

  /** A register of the genuine document. */
  register(index: number): Buffer {
    return this.#genuine.pcrs.get(index) ?? Buffer.alloc(0);
  }

  with(changes: DocumentChanges = {}): Buffer {
    const pcrs = new Map<number, Uint8Array>(this.#genuine.pcrs);
    for (const [index, value] of Object.entries(changes.pcrs ?? {}))
      if (value === null) pcrs.delete(Number(index));
      else pcrs.set(Number(index), value);
    return buildAttestationDocument({
      chain: changes.chain ?? this.#chain,
      timestamp: changes.timestamp ?? Date.now(),
      pcrs,
      publicKey: changes.publicKey === undefined ? (this.#genuine.publicKey ?? null) : changes.publicKey,
    });
  }
}

/** A genuine document with another public key in it, and the signature that it had. */
export function withPublicKey(document: Uint8Array, publicKey: Uint8Array): Buffer {
  const own = unsafeParseAttestation(document);
  if (own.claims.publicKey?.length !== publicKey.length) throw new Error('keys of different length');
  const changed = Buffer.from(document);
  changed.set(publicKey, changed.indexOf(own.claims.publicKey));
  return changed;
}
