// SPDX-License-Identifier: Apache-2.0
import { LinuxError } from '@enclave-vault/linux';
import { NsmError } from '../errors.ts';
import type { NsmExchange } from './nsm-channel.ts';

const TIMEOUT_MS = 5_000;

/**
 * The device as the program sees a module. One that does not answer in time is lost for good: the call is still under way in the kernel, and all that
 * come after wait for it.
 * @param exchange of the device
 * @param onLost called once, when no further exchange can succeed
 */
export function nsmDevice(exchange: NsmExchange, onLost: () => void): NsmExchange {
  let lost = false;
  return (request) =>
    new Promise((resolve, reject) => {
      if (lost) return reject(new NsmError('nsm_lost'));
      const timer = setTimeout(() => {
        reject(new NsmError('nsm_timed_out'));
        if (lost) return;
        lost = true;
        onLost();
      }, TIMEOUT_MS);
      exchange(request)
        .then(resolve, (error: unknown) =>
          reject(new NsmError(error instanceof LinuxError ? `nsm_${error.code}` : 'nsm_error')),
        )
        .finally(() => clearTimeout(timer));
    });
}
