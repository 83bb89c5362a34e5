// SPDX-License-Identifier: Apache-2.0
import type { Principal } from '@enclave-vault/vault';

/**
 * What a gateway in front of the application knows of the request that is being answered. It comes beside the request
 * and never in it: nothing that a caller can send becomes a part of this.
 */
export interface Ingress {
  /** Stands in answers, logs and the audit: 1 to 128 printable characters. */
  readonly requestId: string;
  /** Milliseconds since the epoch, after which no answer can get out any more. */
  readonly deadline: number;
  /**
   * Who calls, as the gateway's authorizer found out. `null`: the authorizer knows him, and he has no rights here.
   * Undefined: the gateway does not tell, and the Authorization header does.
   */
  readonly principal: Principal | null | undefined;
}
