// SPDX-License-Identifier: Apache-2.0
import { configurationDigest, pcr16 } from '@enclave-vault/protocol';
import { NsmError } from '../errors.ts';
import type { Nsm } from '../ports.ts';

/** The first register that is free for programs to extend. */
const CONFIGURATION_PCR = 16;
const ZERO = Buffer.alloc(48);

/**
 * Measures the configuration: register 16 becomes pcr16(bytes) and can never change again. Comes before anything reads them,
 * so what KMS sees attested is what the program runs with, whatever the bytes are.
 * @throws NsmError also when the register was touched before, or does not hold what it should afterwards
 */
export async function measureConfiguration(nsm: Nsm, bytes: Uint8Array): Promise<void> {
  const before = await nsm.describePcr(CONFIGURATION_PCR);
  if (before.locked || !before.value.equals(ZERO)) throw new NsmError('pcr_in_use');
  await nsm.extendPcr(CONFIGURATION_PCR, configurationDigest(bytes));
  await nsm.lockPcr(CONFIGURATION_PCR);
  const after = await nsm.describePcr(CONFIGURATION_PCR);
  if (!after.locked || !after.value.equals(pcr16(bytes))) throw new NsmError('pcr_mismatch');
}
