// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import {
  buildAttestationDocument,
  buildNitroChain,
  type CertifiedKey,
  type NitroChain,
} from '@enclave-vault/emulator-pki';
import type { Attest } from './nsm/module.ts';

export interface SignerOptions {
  root: CertifiedKey;
  region: string;
  instanceId: string;
  moduleId: string;
  /** ms since the epoch. */
  now: () => number;
}

/** A leaf lives three hours; one with less than this left signs nothing more. */
const RENEW_BEFORE_MS = 30 * 60 * 1000;

/**
 * Signs the documents of one enclave, under a chain of its own: regional, zonal and instance certificates and leaf are
 * issued anew for the first document and whenever the leaf nears its end, or the clock went back to before it began.
 */
export function createSigner(options: SignerOptions): Attest {
  const { root, now, ...identity } = options;
  let current: { chain: NitroChain; notBefore: number } | null = null;
  return async (pcrs, { userData, nonce, publicKey }) => {
    const at = now();
    if (current === null || at < current.notBefore || at > current.chain.notAfter - RENEW_BEFORE_MS) {
      const chain = buildNitroChain({ ...identity, root, at });
      current = { chain, notBefore: new X509Certificate(chain.certificate).validFromDate.getTime() };
    }
    return buildAttestationDocument({
      chain: current.chain,
      timestamp: at,
      pcrs,
      userData,
      nonce,
      publicKey,
    });
  };
}
