// SPDX-License-Identifier: Apache-2.0
import { HttpClient } from '../http-client.ts';
import type { EnclaveDescription } from '../hypervisor/hypervisor.ts';
import { SharedRelay, type SharedRelayOptions } from '../relay/shared-relay.ts';
import type { Place, Places } from './place.ts';
import type { VsockTransport } from './transport.ts';

/** Where every enclave listens. */
export const ENCLAVE_PORT = 5000;
/** The kernel gives up after two seconds by itself. */
const CONNECT_MS = 1_000;

/** Enclaves of the Nitro hypervisor: each at port 5000 of its CID, all with one relay to KMS at port 8000 of the instance. */
export class NitroPlaces implements Places {
  readonly #transport: VsockTransport;
  readonly #relay: SharedRelay;

  private constructor(transport: VsockTransport, relay: SharedRelay) {
    this.#transport = transport;
    this.#relay = relay;
  }

  /** @throws ParentError `vsock_unavailable` when the relay cannot listen */
  static async open(options: SharedRelayOptions): Promise<NitroPlaces> {
    const relay = new SharedRelay(options);
    await relay.listen();
    return new NitroPlaces(options.transport, relay);
  }

  async open({ EnclaveCID: cid }: EnclaveDescription): Promise<Place> {
    const client = new HttpClient({
      connect: () => this.#transport.connect({ cid, port: ENCLAVE_PORT, timeoutMs: CONNECT_MS }),
    });
    this.#relay.admit(cid);
    return {
      client,
      reachable: async () => true,
      close: async () => {
        client.close();
        this.#relay.expel(cid);
      },
    };
  }

  async close(): Promise<void> {
    await this.#relay.close();
  }
}
