// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AwsStandIn, startAwsStandIn } from '../../host/api/test/support/aws-stand-in.ts';
import { LocalVault } from '../../tests/support/local-vault.ts';

interface Session {
  readonly kms: {
    readonly endpoint: string;
    readonly ca: string;
    readonly region: string;
    readonly keys: Readonly<Record<'vault' | 'request' | 'integrity', string>>;
  };
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** What a function runs against: KMS, parent and enclave of a local vault; DynamoDB and CloudWatch Logs as stand-ins. */
export interface Place {
  readonly aws: AwsStandIn;
  /** The function's environment. */
  readonly env: Record<string, string>;
  /** Names of KMS calls since the last look, each with who made it. */
  kmsCalls(): Promise<{ readonly api: string[]; readonly enclave: string[] }>;
  close(): Promise<void>;
}

export const CALLER = {
  identity: {
    userArn: 'arn:aws:sts::111122223333:assumed-role/bench/s',
    accountId: '111122223333',
    caller: 'AROAEXAMPLE:s',
  },
};
const SCOPES = ['create', 'read', 'update', 'delete', 'decrypt'].map((name) => `vaults:${name}`);
const POLICY = {
  version: 1,
  iam: [
    {
      arn: 'arn:aws:iam::111122223333:role/bench',
      tenant: 'default',
      scopes: [...SCOPES, 'audit:read', 'keys:admin'],
    },
  ],
};

export async function openPlace(): Promise<Place> {
  const [vault, aws] = await Promise.all([LocalVault.start(), startAwsStandIn()]);
  const { kms, credentials } = (await vault.control('/session')) as unknown as Session;
  const events = join(vault.data, 'kms-events.log');
  let seen = 0;
  return {
    aws,
    env: {
      AWS_REGION: kms.region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      ENCLAVE_VAULT_REGION: kms.region,
      ENCLAVE_VAULT_KEYS_VAULT: kms.keys.vault,
      ENCLAVE_VAULT_KEYS_REQUEST: kms.keys.request,
      ENCLAVE_VAULT_KEYS_INTEGRITY: kms.keys.integrity,
      ENCLAVE_VAULT_KMS_ENDPOINT: kms.endpoint,
      ENCLAVE_VAULT_KMS_CA: kms.ca,
      ENCLAVE_VAULT_STORE_KIND: 'dynamodb',
      ENCLAVE_VAULT_STORE_TABLE: 'enclave-vault',
      ENCLAVE_VAULT_STORE_ENDPOINT: aws.endpoint,
      ENCLAVE_VAULT_AUDIT_KIND: 'log_group',
      ENCLAVE_VAULT_AUDIT_NAME: '/enclave-vault/audit',
      ENCLAVE_VAULT_AUDIT_ENDPOINT: aws.endpoint,
      ENCLAVE_VAULT_PARENT: `unix:${join(dirname(vault.running.control), 'parent.sock')}`,
      ENCLAVE_VAULT_AUTHORIZERS: JSON.stringify(POLICY),
    },
    kmsCalls: async () => {
      // The file is written some milliseconds after the answers, more on a busy machine.
      await sleep(500);
      const lines = existsSync(events) ? readFileSync(events, 'utf8').trim().split('\n') : [];
      const fresh = lines.slice(seen).map((line) => JSON.parse(line));
      seen = lines.length;
      const of = (role: string) =>
        fresh.filter(({ userIdentity }) => userIdentity.arn.endsWith(role)).map(({ eventName }) => eventName);
      return { api: of('/api'), enclave: of('/instance') };
    },
    close: async () => {
      await Promise.all([vault.stop(), aws.close()]);
    },
  };
}
