// SPDX-License-Identifier: Apache-2.0
import { isTenant } from '@enclave-vault/records';
import { VaultError } from './errors.ts';

export const SCOPES = [
  'vaults:create',
  'vaults:read',
  'vaults:update',
  'vaults:delete',
  'vaults:decrypt',
  'audit:read',
  'keys:admin',
] as const;
export type Scope = (typeof SCOPES)[number];

/** Who asks, and what they may. Made by authenticate() from an API key, or by the API from a verified JWT. */
export interface Principal {
  readonly tenant: string;
  /**
   * `key:<id>`, `jwt:<iss>#<sub>`, and where a gateway knows the caller `iam:<arn>` or `authorizer:<principal>`; at most
   * 512 characters. It stands in the audit.
   */
  readonly actor: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Fields it may write, reveal, ask for and compute with; null: all. */
  readonly fields: ReadonlySet<string> | null;
  /** Purposes it may name; null: all of the deployment's. */
  readonly purposes: ReadonlySet<string> | null;
  /** Runs registered expressions only, and reveals no field. */
  readonly deriveOnly: boolean;
  /**
   * Microseconds since the epoch after which these rights end (and those of keys it makes); null: never. A JWT's `exp`
   * is one: keys made with a token end with it.
   */
  readonly expires: number | null;
}

/** One call. */
export interface Context {
  readonly principal: Principal;
  /** 1 to 128 characters; also stands in the audit. */
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** Waits for the call's turn behind others of its caller, where it has to: a server need not count that as work. */
  readonly aside?: (turn: Promise<void>) => Promise<void>;
}

export function isScope(value: string): value is Scope {
  return (SCOPES as readonly string[]).includes(value);
}

/** Refuses a call that could not be audited as it is. @throws {VaultError} `malformed`, `unauthenticated` */
export function checkContext({ principal, requestId }: Context): void {
  if (!/^[\x21-\x7e]{1,128}$/.test(requestId)) throw new VaultError('malformed');
  const { actor, tenant } = principal;
  const good = actor.length > 0 && actor.length <= 512 && actor.isWellFormed() && isTenant(tenant);
  if (!good) throw new VaultError('unauthenticated');
}
