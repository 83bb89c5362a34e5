// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { Flow } from '../../src/bulk/flow.ts';
import { importErrand } from '../../src/bulk/import-errand.ts';
import type { SourceRow } from '../../src/bulk/row.ts';
import { streamLane } from '../../src/bulk/stream-lane.ts';
import { FakeVault, KEY } from './fake-vault.ts';

it('a stream that begins when all is over sends nothing and ends', async () => {
  const vault = await FakeVault.open();
  async function* rows(): AsyncGenerator<SourceRow> {
    yield { n: 1, end: 1, text: '{}' };
    // The row was given to the stream, which has not yet looked at it.
    flow.fail(new Error('over'));
  }
  const flow = new Flow({
    rows: rows(),
    ...{ settled: 0, reserved: 0, since: 0, skipUncertain: false, resendWithin: undefined, patience: 10_000 },
    most: { rows: 100, characters: 1_000 },
    settle: () => {},
    reserve: () => {},
  });
  const access = { url: vault.url, as: KEY, ca: undefined };
  const lane = streamLane(flow, access, importErrand('job', { keep: false }));
  await expect(flow.finished).rejects.toThrow('over');
  await lane;
  expect([vault.calls, vault.items, flow.unanswered]).toEqual([0, 0, 1]);
  vault.close();
});
