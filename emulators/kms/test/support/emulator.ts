// SPDX-License-Identifier: Apache-2.0
import { Agent } from 'node:https';
import { KMSClient } from '@aws-sdk/client-kms';
import type { PolicyDocument } from '@enclave-vault/emulator-iam';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll } from 'vitest';
import type { KmsEmulatorConfig, ListenerConfig, PrincipalConfig } from '../../src/config.ts';
import type { LogLine } from '../../src/dispatch.ts';
import { type KmsEmulator, startKmsEmulator } from '../../src/emulator.ts';
import type { CloudTrailEvent } from '../../src/events.ts';

export const REGION = 'eu-central-1';
export const ACCOUNT = '111122223333';
export const ROOT = `arn:aws:iam::${ACCOUNT}:root`;

export function allow(action: string | string[], resource = '*'): PolicyDocument {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: resource }] };
}

/** A role with credentials of its own and, unless given others, the right to everything. */
export function role(
  name: string,
  identityPolicies: readonly PolicyDocument[] = [allow('kms:*')],
): PrincipalConfig {
  const accessKeyId = `AKIA${Buffer.from(name).toString('hex').toUpperCase().padEnd(16, '0').slice(0, 60)}`;
  return {
    arn: `arn:aws:iam::${ACCOUNT}:role/${name}`,
    accessKeyId,
    secretAccessKey: `secret of ${name}`,
    identityPolicies,
  };
}

export interface TestEmulator extends KmsEmulator {
  readonly log: LogLine[];
  readonly events: CloudTrailEvent[];
  /** Moves the emulator's clock, ms. Clients made before keep their own time, with which signatures allow for 5 minutes. */
  readonly shift: (ms: number) => void;
  readonly client: (principal: PrincipalConfig, listener?: number) => KMSClient;
}

const OUTSIDE: ListenerConfig = { host: '127.0.0.1', port: 0, network: null };

/** Starts an emulator of the given principals, and ends it and its clients with the suite. */
export async function testEmulator(
  principals: readonly PrincipalConfig[],
  config: Partial<KmsEmulatorConfig> = {},
): Promise<TestEmulator> {
  const log: LogLine[] = [];
  const events: CloudTrailEvent[] = [];
  const clients: KMSClient[] = [];
  let offset = 0;
  const emulator = await startKmsEmulator(
    {
      region: REGION,
      account: ACCOUNT,
      stateFile: null,
      attestationRoots: [],
      principals,
      listeners: [OUTSIDE],
      ...config,
    },
    {
      log: (line) => log.push(line),
      onEvent: (event) => events.push(event),
      clock: () => Date.now() + offset,
    },
  );
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await emulator.close();
  });
  return {
    ...emulator,
    log,
    events,
    shift: (ms) => {
      offset += ms;
    },
    client: ({ accessKeyId, secretAccessKey, sessionToken }, listener = 0) => {
      const client = new KMSClient({
        region: REGION,
        endpoint: emulator.endpoints[listener]?.url ?? '',
        credentials: {
          accessKeyId,
          secretAccessKey,
          ...(sessionToken === undefined ? {} : { sessionToken }),
        },
        maxAttempts: 1,
        systemClockOffset: offset,
        requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ keepAlive: true, ca: emulator.ca }) }),
      });
      clients.push(client);
      return client;
    },
  };
}

/** The AWS error name a call ends with, or `none`. */
export async function errorOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'none';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

/** The message of the AWS error a call ends with. */
export async function messageOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'none';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
