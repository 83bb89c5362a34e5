// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach } from 'vitest';
import { type DynamoPlace, DynamoStore } from '../../src/dynamodb/index.ts';
import { LoopbackAws, type Reply } from '../support/loopback-aws.ts';

/** What GetItem answers for the marker of an open vault. */
export const MARKER: Reply = {
  ok: {
    Item: { pk: { S: 'SYSTEM' }, sk: { S: 'store' }, format: { S: 'enclave-vault' }, version: { N: '1' } },
  },
};

/** A server that answers as DynamoDB would, as far as a test says, and a store that asks it. */
export function loopback() {
  const stores: DynamoStore[] = [];
  const context = { server: new LoopbackAws() };
  beforeEach(async () => {
    context.server = new LoopbackAws();
    await context.server.start();
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    await context.server.stop();
  });
  return {
    get server() {
      return context.server;
    },
    /** Opens a store whose marker is there, then answers as `answer` says. */
    open: async (answer: LoopbackAws['answer'], options: Partial<DynamoPlace> = {}): Promise<DynamoStore> => {
      const { server } = context;
      server.answer = () => MARKER;
      const store = await DynamoStore.open({ ...server.place, table: 'vault', ...options });
      stores.push(store);
      server.requests.length = 0;
      server.answer = answer;
      return store;
    },
  };
}
