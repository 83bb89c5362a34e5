// SPDX-License-Identifier: Apache-2.0
import { MAX_ATTESTATION_NONCE_BYTES, MIN_ATTESTATION_NONCE_BYTES } from '@enclave-vault/protocol';
import { Authenticator } from './api-keys/authenticator.ts';
import type { AuditEvent } from './audit/entry.ts';
import { type AuditReport, type VerifyOptions, verifyAudit } from './audit/verify.ts';
import { type Core, makeCore, type VaultDependencies } from './core.ts';
import { invalid, memberError, VaultError } from './errors.ts';
import { openIntegrityKeys } from './keys/integrity-keys.ts';
import { type AuditPage, type AuditPageOptions, auditLog } from './operations/audit-log.ts';
import { demand } from './operations/authorize.ts';
import { type Created, create, type WriteOptions } from './operations/create.ts';
import {
  type DecryptOptions,
  decrypt,
  decryptPrepared,
  type PreparedDecrypt,
  prepareDecrypt,
} from './operations/decrypt.ts';
import type { DecryptInput } from './operations/decrypt-input.ts';
import type { Decrypted } from './operations/decrypt-results.ts';
import { asVaultError } from './operations/failures.ts';
import { type Presence, presence } from './operations/presence.ts';
import { deleteVault, removeFields } from './operations/remove.ts';
import { type UpdateOptions, update, type Written } from './operations/update.ts';
import { StoreError } from './ports/store.ts';
import { type Context, checkContext, type Principal, type Scope } from './principal.ts';
import type { RecordKeyFigures } from './record-keys/record-keys.ts';
import type { RecordSchema } from './schema/record-schema.ts';
import { adoptSchema } from './schema/stored-schema.ts';
import { Tampered } from './tampered.ts';
import { checkDeadline } from './util/deadline.ts';
import { VaultKeys } from './vault-keys.ts';

/**
 * The vault. Each method checks the principal's rights, does one thing, and leaves an audit entry where the design
 * asks for one. It holds no plaintext beyond a call, and cannot open what it stored.
 *
 * All methods but `open`, `verifyAudit` and `close` throw VaultError and nothing else.
 */
export class Vault {
  readonly keys: VaultKeys;
  readonly #core: Core;
  readonly #authenticator: Authenticator;

  private constructor(core: Core) {
    this.#core = core;
    this.#authenticator = new Authenticator(core);
    this.keys = new VaultKeys(core, this.#authenticator, this.#run.bind(this));
  }

  /**
   * Opens a store: unwraps the integrity keys (an empty store gets new ones) and adopts the schema.
   * @throws {VaultOpenError} @throws {KmsError} @throws {StoreError}
   */
  static async open(dependencies: VaultDependencies): Promise<Vault> {
    const { store, kms, schema, allowOrphans = false } = dependencies;
    const keys = await openIntegrityKeys(store, kms);
    await adoptSchema(store, keys.system, schema, allowOrphans);
    return new Vault(makeCore(dependencies, keys));
  }

  get schema(): RecordSchema {
    return this.#core.schema;
  }

  /** Audit heads that the sink has not taken. Not 0: the log is whole, and truncation of its end would go unnoticed. */
  get headsNotInSink(): number {
    return this.#core.sink.waiting;
  }

  /** What was done about key pairs of new records. */
  get recordKeys(): RecordKeyFigures {
    return this.#core.recordKeys.figures;
  }

  /** @throws {VaultError} `unauthenticated`, whatever is wrong with the token */
  async authenticate(token: string): Promise<Principal> {
    try {
      return await this.#authenticator.authenticate(token);
    } catch (error) {
      if (error instanceof Tampered) {
        this.#core.report({ event: 'integrity_failed', code: error.code, log: error.subject });
        throw new VaultError('unauthenticated');
      }
      if (error instanceof VaultError) throw error;
      const where = error instanceof StoreError ? { where: error.message } : {};
      this.#core.report({ event: 'store_failed', code: 'store_unavailable', ...where });
      throw new VaultError('store_unavailable', { cause: error });
    }
  }

  async create(context: Context, fields: unknown, options: WriteOptions = {}): Promise<Created> {
    return await this.#run(context, 'CreateVault', null, (core) => create(core, context, fields, options));
  }

  async presence(context: Context, id: string, names?: readonly string[]): Promise<Presence> {
    return await this.#run(context, null, id, (core) => presence(core, context, id, names));
  }

  async update(context: Context, id: string, fields: unknown, options: UpdateOptions = {}): Promise<Written> {
    return await this.#run(context, 'UpdateVault', id, (core) => update(core, context, id, fields, options));
  }

  async removeFields(
    context: Context,
    id: string,
    names: readonly string[],
    options: Pick<UpdateOptions, 'ifMatch'> = {},
  ): Promise<Written> {
    return await this.#run(context, 'RemoveFields', id, (core) => {
      return removeFields(core, context, id, names, options);
    });
  }

  async deleteVault(
    context: Context,
    id: string,
    options: Pick<UpdateOptions, 'ifMatch'> = {},
  ): Promise<void> {
    await this.#run(context, 'DeleteVault', id, (core) => deleteVault(core, context, id, options));
  }

  async decrypt(context: Context, id: string, input: DecryptInput): Promise<Decrypted> {
    return await this.#run(context, 'DecryptVault', id, (core) => decrypt(core, context, id, input));
  }

  /** Checks an ask for many records once. @throws {VaultError} `invalid`, 403, which is audited once */
  async prepareDecrypt(context: Context, input: DecryptInput): Promise<PreparedDecrypt> {
    return await this.#run(context, 'DecryptVault', null, (core) =>
      prepareDecrypt(core, context, input, null),
    );
  }

  /** Decrypts one of many records: what {@link decrypt} does, with an ask that was checked before. */
  async decryptPrepared(
    context: Context,
    id: string,
    prepared: PreparedDecrypt,
    options: DecryptOptions = {},
  ): Promise<Decrypted> {
    return await this.#run(context, 'DecryptVault', id, (core) =>
      decryptPrepared(core, context, id, prepared, options),
    );
  }

  /** For calls about many records: refuses the caller who may do nothing of that kind, once. @throws {VaultError} 403, audited */
  async demandScope(context: Context, scope: Scope): Promise<void> {
    await this.#run(context, null, null, (core) => demand(core, context, { scope }));
  }

  async audit(context: Context, id: string, options: AuditPageOptions = {}): Promise<AuditPage> {
    return await this.#run(context, null, id, (core) => auditLog(core, context, id, options));
  }

  /** @param nonce 16 to 64 bytes. @returns an enclave's attestation document, COSE_Sign1 */
  async attestation(context: Context, nonce: Uint8Array): Promise<Uint8Array> {
    return await this.#run(context, null, null, async ({ enclave }) => {
      const { byteLength } = nonce;
      if (byteLength < MIN_ATTESTATION_NONCE_BYTES || byteLength > MAX_ATTESTATION_NONCE_BYTES) {
        throw invalid(memberError('nonce', 'range'));
      }
      return await enclave.attestation(nonce, context.deadline);
    });
  }

  /** For the operator: verifies the chains of all tenants. */
  async verifyAudit(options: VerifyOptions = {}): Promise<AuditReport> {
    return await verifyAudit(this.#core.store, this.#core.keys, options);
  }

  /** Forgets keys and closes the store. Calls under way should have ended. */
  async close(): Promise<void> {
    this.#core.requestKeys.retire();
    this.#core.recordKeys.close();
    await this.#core.store.close();
  }

  async #run<T>(
    context: Context,
    event: AuditEvent | null,
    id: string | null,
    operation: (core: Core) => Promise<T>,
  ): Promise<T> {
    try {
      checkContext(context);
      checkDeadline(this.#core.clock, context.deadline);
      const { expires } = context.principal;
      if (expires !== null && expires <= this.#core.clock.now()) throw new VaultError('unauthenticated');
      return await operation(this.#core);
    } catch (error) {
      throw await asVaultError(this.#core, { context, event, id }, error);
    }
  }
}
