// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { createTable, type DynamoPlace, DynamoStore } from '@enclave-vault/stores/dynamodb';

/** Where a stand-in for an AWS service listens. main.heavy.ts started it. */
export interface Peer {
  readonly name: string;
  readonly endpoint: string;
}

/** What a stand-in asks of its callers: something. The Region is the local vault's. */
const CALLER = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local' },
} as const;

const PATIENCE_MS = 30_000;

/** @param name of the variable with its URL */
function peer(name: string, variable: string): Peer {
  const endpoint = process.env[variable];
  if (endpoint === undefined) throw new Error(`${variable} is not set: run tests/heavy/dynamodb.sh`);
  return { name, endpoint };
}

export const dynamoDbLocal = (): Peer => peer('DynamoDB Local', 'DYNAMODB_LOCAL');
export const moto = (): Peer => peer('moto', 'MOTO');

export function placeOf({ endpoint }: Peer) {
  return { ...CALLER, endpoint };
}

/** A table of its own for each call. */
export async function newTable(of: Peer): Promise<DynamoPlace> {
  const place = { ...placeOf(of), table: `vault-${randomUUID()}` };
  await createTable(place);
  // A busy machine is no reason to fail: what a deadline does is tested in host/stores.
  return { ...place, timeoutMs: PATIENCE_MS };
}

export async function newStore(of: Peer, options: Partial<DynamoPlace> = {}): Promise<DynamoStore> {
  return await DynamoStore.open({ ...(await newTable(of)), ...options });
}
