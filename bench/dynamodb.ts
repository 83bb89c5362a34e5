// SPDX-License-Identifier: Apache-2.0
/**
 * What each route consumes of DynamoDB: `node bench/dynamodb.ts [--json FILE]`. A whole vault on DynamoDB Local (Java), which is asked for
 * consumed capacity by a proxy in between; held against AWS's rules for the same items. Nothing here is a time.
 */
import { freePort, prepareDynamoDbLocal, startPeer } from '../tests/interop/dynamodb/prepare.ts';
import { Meter } from './dynamodb/meter.ts';
import { type DynamoResult, unitsTable } from './dynamodb/result.ts';
import { routes } from './dynamodb/routes.ts';
import { openDynamoVault } from './dynamodb/vault.ts';
import { optionsOf } from './support/options.ts';
import { beginRun, writeResult } from './support/run.ts';

const values = optionsOf('dynamodb', { json: { type: 'string' } });
const run = beginRun('dynamodb');
const port = await freePort();
const prepared = prepareDynamoDbLocal(port);
if ('missing' in prepared) {
  console.log(`SKIPPED: DynamoDB's units (${prepared.missing})`);
} else {
  process.stderr.write('starting DynamoDB Local\n');
  const server = await startPeer(prepared, port);
  try {
    const meter = await Meter.start(`http://127.0.0.1:${port}`);
    const { call, close } = await openDynamoVault(meter.url);
    try {
      process.stderr.write('each route once\n');
      const result: DynamoResult = {
        ...run,
        server: 'DynamoDB Local 2.6.1',
        routes: await routes(call, meter),
      };
      console.log(unitsTable(result));
      writeResult(values.json, result);
    } finally {
      await close();
      meter.close();
    }
  } finally {
    server.kill('SIGKILL');
  }
}
