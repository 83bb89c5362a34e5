// SPDX-License-Identifier: Apache-2.0
import type { Deployment } from '@enclave-vault/policies';

const PARTITION = 'aws';
const ACCOUNT = '000000000000';
const NAME = 'enclave-vault';

const role = (name: string) => `arn:${PARTITION}:iam::${ACCOUNT}:role/${NAME}/${name}`;

/**
 * The deployment that this machine plays: an account of nobody's, with the roles, network and key policies
 * that a deployment on AWS has. None of it is configurable, so that every developer sees the same.
 */
export const LOCAL: Deployment = {
  partition: PARTITION,
  account: ACCOUNT,
  region: 'us-east-1',
  name: NAME,
  network: { vpcId: 'vpc-0e0c1a5e000000001', vpceId: 'vpce-0e0c1a5e000000001' },
  roles: {
    api: role('api'),
    instance: role('instance'),
    deployment: role('deployment'),
    breakGlass: role('break-glass'),
  },
};

/** An operator's role; key policies do not name it. */
export const ADMIN_ROLE = role('admin');

/** The canary's; key policies do not name it. */
export const CANARY_ROLE = role('canary');

/** Instance that the parent plays; PCR4 of its enclaves. */
export const INSTANCE_ID = 'i-0e0c1a5e000000001';

/** Name in the certificate of the local KMS, which its emulator adds for every Region. */
export const KMS_HOST = `kms.${LOCAL.region}.vault.internal`;

/** What the enclave may use of its machine; measured into PCR16 with the rest of its configuration. */
export const ENCLAVE_LIMITS = {
  running: 32,
  waiting: 64,
  requestMs: 5_000,
  expressionMs: 250,
  expressionWorkers: 2,
} as const;
