// SPDX-License-Identifier: Apache-2.0
import { afterEach, expect, test, vi } from 'vitest';
import { LocalKms } from '../../../vault/test/support/local-kms.ts';
import { captureOutput } from './capture.ts';
import { type Lambda, startLambda } from './harness.ts';

let lambda: Lambda;
let output: ReturnType<typeof captureOutput>;
afterEach(async () => {
  await lambda.stop();
  output.end();
});

/** Calls for key pairs, and whether a request waited for each. */
class WatchedKms extends LocalKms {
  readonly pairs: ('waited' | 'beforehand')[] = [];

  override generateRecordKeyPair(
    context: Parameters<LocalKms['generateRecordKeyPair']>[0],
    { once = false }: { readonly once?: boolean } = {},
  ) {
    this.pairs.push(once ? 'beforehand' : 'waited');
    return super.generateRecordKeyPair(context);
  }
}

test('an invocation takes a pair that one before had made, and says so in CloudWatch’s figures', async () => {
  output = captureOutput();
  const kms = new WatchedKms();
  lambda = await startLambda({}, { kms });
  expect(kms.pairs).toEqual([]);
  for (let i = 0; i < 3; i += 1) {
    expect((await lambda.call('POST', '/v1/vaults', { json: {} })).status).toBe(201);
    await vi.waitFor(() => expect(lambda.vault().recordKeys.ready).toBeGreaterThan(1), 60_000);
  }
  expect(kms.pairs.filter((pair) => pair === 'waited')).toEqual(['waited']);
  const from = output.metrics('record_keys_total').map((line) => line.from);
  expect(from).toEqual(['kms', 'pool', 'pool']);
});

test('a function whose pool is off has each invocation wait for KMS', async () => {
  output = captureOutput();
  const kms = new WatchedKms();
  lambda = await startLambda({ keyPool: { size: 0 } }, { kms });
  for (let i = 0; i < 3; i += 1) await lambda.call('POST', '/v1/vaults', { json: {} });
  expect(kms.pairs).toEqual(['waited', 'waited', 'waited']);
});
