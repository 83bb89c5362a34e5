// SPDX-License-Identifier: Apache-2.0
import type { HttpClient } from '../http-client.ts';
import type { EnclaveDescription } from '../hypervisor/hypervisor.ts';

/** Where one enclave is: the way to it, and its way to KMS. */
export interface Place {
  readonly client: HttpClient;
  /** Whether it is worth trying to connect; a place that cannot tell says yes. */
  reachable(): Promise<boolean>;
  close(): Promise<void>;
}

/** Where a parent's enclaves are: on this machine behind unix sockets, or on Nitro behind vsock. */
export interface Places {
  open(enclave: EnclaveDescription): Promise<Place>;
  close(): Promise<void>;
}
