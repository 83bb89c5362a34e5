// SPDX-License-Identifier: Apache-2.0
import type { QuotaConfig } from '@enclave-vault/emulator-kms';
import type { KeyPoolOptions } from '@enclave-vault/vault';

/** What the local KMS is like, and what the API does about it. */
export interface KmsOptions {
  /** Added to each answer, in milliseconds: the way to a real KMS. */
  readonly latencyMs: number;
  /** Requests a second; undefined: as many as the machine answers. */
  readonly quotas: QuotaConfig | undefined;
  /** Undefined: the API's own. */
  readonly keyPool: KeyPoolOptions | undefined;
}

export const KMS_USAGE = `\
  --kms-latency MS      let the local KMS take so much longer, 1500 at most
                                                                        ENCLAVE_VAULT_KMS_LATENCY
  --kms-quota PAIRS,OTHERS   key pairs and other requests that it answers a second,
                        100,10000 say (no limit)                        ENCLAVE_VAULT_KMS_QUOTA
  --key-pool SIZE,RATE  key pairs made beforehand, and how many a second
                        (256,50; 0,50: none)                            ENCLAVE_VAULT_KEY_POOL`;

const LATENCY = /^\d{1,4}$/;
const QUOTA = /^([1-9]\d{0,5}),([1-9]\d{0,5})$/;
const POOL = /^(\d{1,4}|10000),([1-9]\d{0,3}|10000)$/;
/** The API gives a call of KMS up after two seconds: with more the vault would never start. */
const MOST_LATENCY_MS = 1_500;

/** @param problems gets a line for each option that is wrong */
export function kmsOptionsOf(
  given: Readonly<Record<'latency' | 'quota' | 'pool', string | undefined>>,
  problems: string[],
): KmsOptions {
  const { latency = '0', quota, pool } = given;
  const latencyMs = LATENCY.test(latency) ? Number(latency) : Number.NaN;
  if (!(latencyMs <= MOST_LATENCY_MS))
    problems.push(`--kms-latency takes a whole number from 0 to ${MOST_LATENCY_MS}`);
  const [, keyPairs, symmetric] = QUOTA.exec(quota ?? '') ?? [];
  if (quota !== undefined && symmetric === undefined)
    problems.push('--kms-quota takes two whole numbers from 1: key pairs and other requests a second');
  const [, size, perSecond] = POOL.exec(pool ?? '') ?? [];
  if (pool !== undefined && perSecond === undefined)
    problems.push(
      '--key-pool takes two whole numbers up to 10000: how many, and how many a second (0,50: none)',
    );
  return {
    latencyMs,
    quotas:
      symmetric === undefined ? undefined : { keyPairs: Number(keyPairs), symmetric: Number(symmetric) },
    keyPool: perSecond === undefined ? undefined : { size: Number(size), perSecond: Number(perSecond) },
  };
}
