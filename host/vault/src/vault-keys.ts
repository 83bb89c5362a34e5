// SPDX-License-Identifier: Apache-2.0
import {
  type CreatedKey,
  createKey,
  type KeyPage,
  listKeys,
  revokeKey,
  storeKey,
} from './api-keys/api-keys.ts';
import type { Authenticator } from './api-keys/authenticator.ts';
import type { KeyRequest } from './api-keys/rights.ts';
import type { AuditEvent } from './audit/entry.ts';
import type { Core } from './core.ts';
import { type Context, SCOPES } from './principal.ts';

/** Runs an operation as the vault runs its own: rights of the principal, deadline, errors. */
type Run = <T>(
  context: Context,
  event: AuditEvent | null,
  id: string | null,
  operation: (core: Core) => Promise<T>,
) => Promise<T>;

const BOOTSTRAP_MS = 10_000;

/** The API keys of a vault. */
export class VaultKeys {
  readonly #core: Core;
  readonly #authenticator: Authenticator;
  readonly #run: Run;

  constructor(core: Core, authenticator: Authenticator, run: Run) {
    this.#core = core;
    this.#authenticator = authenticator;
    this.#run = run;
  }

  async create(context: Context, request: KeyRequest): Promise<CreatedKey> {
    return await this.#run(context, null, null, (core) => createKey(core, context, request));
  }

  async list(
    context: Context,
    options: { readonly limit?: number | undefined; readonly cursor?: string | undefined } = {},
  ): Promise<KeyPage> {
    return await this.#run(context, null, null, (core) => listKeys(core, context, options));
  }

  async revoke(context: Context, id: string): Promise<void> {
    await this.#run(context, 'KeyRevoked', id, (core) => revokeKey(core, context, id));
    this.#authenticator.forget(id);
  }

  /**
   * Makes a tenant's first key, with all rights. For the one who starts the vault: no request may reach this.
   * @throws {StoreError} @throws {VaultError}
   */
  async bootstrap(tenant = 'default'): Promise<CreatedKey> {
    const deadline = Math.floor(this.#core.clock.now() / 1000) + BOOTSTRAP_MS;
    const caller = { tenant, actor: 'system:bootstrap', requestId: 'bootstrap' };
    const rights = { scopes: [...SCOPES], fields: null, purposes: null, deriveOnly: false, expires: null };
    return await storeKey(this.#core, caller, rights, deadline);
  }
}
