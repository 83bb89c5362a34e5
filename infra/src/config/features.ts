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
    doc: 'Advanced rules of the DNS firewall: tunnels and generated names are told apart from other names that it blocks.',
    read: flag(),
    default: true,
  },
  {
    path: 'features.dnsFirewallConfig',
    env: 'ENCLAVE_VAULT_DEPLOY_FEATURES_DNS_FIREWALL_CONFIG',
    doc: 'CloudFormation writes down that the DNS firewall fails closed. Where it does not know how (GovCloud, China, some Regions), AWS’s default says the same.',
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
