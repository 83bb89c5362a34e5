// SPDX-License-Identifier: Apache-2.0
import { createVaultKms } from '@enclave-vault/host-kms';
import { readAuditSink, SqliteStore } from '@enclave-vault/stores';
import {
  type AuditHead,
  type Context,
  defaultSchema,
  type EnclaveClient,
  type IntegrityKeys,
  openIntegrityKeys,
  SCOPES,
  type Store,
  systemClock,
  Vault,
  type VaultKms,
} from '@enclave-vault/vault';
import type { GlassVault } from './glass-vault.ts';

/** What the API's own code is lied to about. */
export interface Lies {
  /** Its KMS, with answers changed. */
  readonly kms?: (genuine: VaultKms) => Partial<VaultKms>;
}

/**
 * An API in the attacker's hands beside the vault's own, on the same store: he has the API's role, so the keys that authenticate
 * records and log are his, and he need not keep the log. What he asks of the enclave goes the way of every request.
 */
export class RogueApi {
  readonly store: Store;
  readonly keys: IntegrityKeys;
  /** The API's own code, on what he tells it. Its heads reach nobody. */
  readonly vault: Vault;
  readonly #close: () => Promise<void>;
  readonly #auditLog: string;

  private constructor(
    parts: { store: Store; keys: IntegrityKeys; vault: Vault; auditLog: string },
    close: () => Promise<void>,
  ) {
    this.store = parts.store;
    this.keys = parts.keys;
    this.vault = parts.vault;
    this.#auditLog = parts.auditLog;
    this.#close = close;
  }

  static async open(glass: GlassVault, lies: Lies = {}): Promise<RogueApi> {
    const session = glass.vault.session();
    const kms = createVaultKms({ ...session.kms, credentials: session.credentials });
    const genuine: VaultKms = {
      generateRecordKeyPair: (context) => kms.generateRecordKeyPair(context),
      generateRequestKey: () => kms.generateRequestKey(),
      generateIntegrityKey: (purpose) => kms.generateIntegrityKey(purpose),
      unwrapIntegrityKey: (wrapped, purpose) => kms.unwrapIntegrityKey(wrapped, purpose),
    };
    const store = SqliteStore.open(session.database);
    const told = { ...genuine, ...lies.kms?.(genuine) };
    const vault = await Vault.open({
      ...{ store, kms: told, enclave: enclaveOf(glass), sink: { append: async () => undefined } },
      ...{ clock: systemClock(), schema: defaultSchema() },
    });
    const keys = await openIntegrityKeys(store, genuine);
    return new RogueApi({ store, keys, vault, auditLog: session.auditLog }, async () => {
      await vault.close();
      await store.close();
      kms.close();
    });
  }

  /** A call in the name of whoever he likes. */
  as(actor: string, tenant = 'default'): Context {
    const all = { scopes: new Set(SCOPES), fields: null, purposes: null, deriveOnly: false, expires: null };
    return {
      principal: { actor, tenant, ...all },
      requestId: 'req_rogue',
      deadline: Date.now() + 10_000,
    };
  }

  /** The heads that the vault's own API has sent to its sink. */
  async heads(): Promise<AuditHead[]> {
    return await Array.fromAsync(readAuditSink(this.#auditLog));
  }

  close(): Promise<void> {
    return this.#close();
  }
}

function enclaveOf(glass: GlassVault): EnclaveClient {
  return {
    decrypt: async (envelope) => (await glass.askParent('/decrypt', envelope)).body,
    attestation: async (nonce) => (await glass.askParent('/attestation', nonce)).body,
  };
}
