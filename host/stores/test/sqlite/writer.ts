// SPDX-License-Identifier: Apache-2.0
import { writeSync } from 'node:fs';
import { FileAuditSink, SqliteStore } from '../../src/index.ts';

/** Writes until it is killed, and says on stdout what is durable. Arguments: database, sink, name of this life. */
const [database = '', log = '', life = ''] = process.argv.slice(2);
const store = SqliteStore.open(database);
const sink = await FileAuditSink.open(log);
let number = 0;
const write = async (): Promise<never> => {
  for (;;) {
    number += 1;
    const n = number;
    await store.transact([
      { put: { pk: 'a', sk: `${life}-${n}`, n, padding: 'x'.repeat(2_000) } },
      { put: { pk: 'b', sk: `${life}-${n}`, n } },
    ]);
    await sink.append({ log: life, n, hash: Buffer.alloc(32, 1), time: Date.now() * 1000 });
    // Synchronously: what is written has left this process.
    writeSync(1, `${life}-${n}\n`);
  }
};
await Promise.all(Array.from({ length: 16 }, write));
