// SPDX-License-Identifier: Apache-2.0
import { flag, type Setting } from '@enclave-vault/settings';

/** What a partition or Region may lack. Off, its place is empty, and docs/deployment.md says what that costs. */
export const FEATURE_SETTINGS = [
  {
    path: 'features.codeSigning',
    env: 'ENCLAVE_VAULT_DEPLOY_FEATURES_CODE_SIGNING',
    doc: 'Signed functions (AWS Signer), enforced.',
    read: flag(),
    default: true,
  },
  {
    path: 'features.dnsAdvanced',
    env: 'ENCLAVE_VAULT_DEPLOY_FEATURES_DNS_ADVANCED',
    doc: 'Advanced rules of the DNS firewall, as alerts.',
    read: flag(),
    default: true,
  },
  {
    path: 'features.zonalShift',
    env: 'ENCLAVE_VAULT_DEPLOY_FEATURES_ZONAL_SHIFT',
    doc: 'Zonal shift of load balancer and instances.',
    read: flag(),
    default: true,
  },
  {
    path: 'features.tracing',
    env: 'ENCLAVE_VAULT_DEPLOY_FEATURES_TRACING',
    doc: 'Traces in X-Ray.',
    read: flag(),
    default: true,
  },
] as const satisfies readonly Setting[];
