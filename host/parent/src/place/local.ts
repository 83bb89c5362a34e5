// SPDX-License-Identifier: Apache-2.0
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { ParentError } from '../errors.ts';
import { HttpClient } from '../http-client.ts';
import type { EnclaveDescription } from '../hypervisor/hypervisor.ts';
import type { CarryOptions } from '../relay/carry.ts';
import { KmsRelay } from '../relay/kms-relay.ts';
import type { Place, Places } from './place.ts';

/** Enclaves of the hypervisor emulator: a folder each, with `listen.sock` of the enclave and `kms.sock` of the parent. */
export class LocalPlaces implements Places {
  readonly #relay: CarryOptions;

  constructor(relay: CarryOptions) {
    this.#relay = relay;
  }

  /** @throws ParentError `hypervisor_refused` when the enclave has no folder */
  async open({ Sockets }: EnclaveDescription): Promise<Place> {
    if (Sockets === null) throw new ParentError('hypervisor_refused', 'Sockets');
    const relay = new KmsRelay({ ...this.#relay, socketPath: join(Sockets, 'kms.sock') });
    await relay.listen();
    const unix = join(Sockets, 'listen.sock');
    const client = new HttpClient({ unix });
    return {
      client,
      reachable: () =>
        access(unix).then(
          () => true,
          () => false,
        ),
      close: async () => {
        client.close();
        await relay.close();
      },
    };
  }

  async close(): Promise<void> {}
}
