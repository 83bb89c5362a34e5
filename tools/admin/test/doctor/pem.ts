// SPDX-License-Identifier: Apache-2.0
import { createNitroRoot, toPem } from '@enclave-vault/emulator-pki';

let made: string | undefined;

/** Some certificate, the same at each call. */
export function certificatePem(): string {
  made ??= toPem(createNitroRoot(Date.now()).certificate);
  return made;
}
