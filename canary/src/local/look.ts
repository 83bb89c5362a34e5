// SPDX-License-Identifier: Apache-2.0
import { Agent } from 'node:https';
import { DescribeKeyCommand, GetKeyPolicyCommand, KMSClient, ListGrantsCommand } from '@aws-sdk/client-kms';
import { regionOf } from '@enclave-vault/settings';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Look } from '../compare.ts';
import type { LocalCanaryConfig } from './settings.ts';

/** A second page of grants says no more than the first: one is too many. */
const GRANTS = 50;

/** Keys by the names under which their policies are compared. */
export function comparedKeys({
  keys,
  legacyKeys,
}: Pick<LocalCanaryConfig, 'keys' | 'legacyKeys'>): ReadonlyMap<string, string> {
  return new Map([
    ...Object.entries(keys),
    ...legacyKeys.map((arn, index): [string, string] => [`legacy-${index + 1}`, arn]),
  ]);
}

export interface KeyLook extends Look<string, string> {
  readonly state: (of: string, signal: AbortSignal) => Promise<string | undefined>;
  close(): void;
}

/** Looks at policies, grants and states of the keys, one attempt each. */
export function keyLook(config: LocalCanaryConfig): KeyLook {
  const names = comparedKeys(config);
  const { kms, credentials } = config;
  const client = new KMSClient({
    region: regionOf(config.keys.vault),
    endpoint: kms.endpoint,
    maxAttempts: 1,
    credentials: { ...credentials },
    requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ keepAlive: true, ca: kms.ca }) }),
  });
  return {
    policy: async (of, abortSignal) => {
      const command = new GetKeyPolicyCommand({ KeyId: names.get(of), PolicyName: 'default' });
      return (await client.send(command, { abortSignal })).Policy ?? '';
    },
    grants: async (of, abortSignal) => {
      const command = new ListGrantsCommand({ KeyId: names.get(of), Limit: GRANTS });
      return (await client.send(command, { abortSignal })).Grants ?? [];
    },
    state: async (of, abortSignal) => {
      const command = new DescribeKeyCommand({ KeyId: names.get(of) });
      return (await client.send(command, { abortSignal })).KeyMetadata?.KeyState;
    },
    close: () => client.destroy(),
  };
}
