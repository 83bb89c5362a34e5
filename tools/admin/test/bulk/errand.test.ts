// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Errand, takeResult } from '../../src/bulk/errand.ts';
import { exportErrand } from '../../src/bulk/export-errand.ts';
import { Flow } from '../../src/bulk/flow.ts';
import { importErrand } from '../../src/bulk/import-errand.ts';
import type { Outcome, SourceRow } from '../../src/bulk/row.ts';

const EXPORT = exportErrand({ fields: ['dob'], reason: 'x' }, { columns: undefined, verbatim: false });
const IMPORT = importErrand('job', { keep: false });
const DONE: Outcome = { ok: true, text: 'x' };
const MINUTES = 60_000;

// Pauses of rows never end here: each failure is the test's.
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Two rows that were sent, of which the first fails when it is told to. */
async function underWay(errand: Errand) {
  async function* rows(): AsyncGenerator<SourceRow> {
    for (const n of [1, 2]) yield { n, end: n, text: `v_${n}` };
  }
  const seen = { now: 0, settled: [] as (readonly [number, Outcome])[] };
  const flow = new Flow({
    rows: rows(),
    ...{ settled: 0, reserved: 0, since: 0, skipUncertain: false, resendWithin: undefined },
    patience: 300_000,
    most: { rows: 100, characters: 1_000 },
    settle: (n, outcome) => seen.settled.push([n, outcome]),
    reserve: () => {},
    monotonic: () => seen.now,
  });
  const ended = vi.fn();
  flow.finished.catch(ended);
  const holdOff = vi.spyOn(flow, 'holdOff');
  const [bad, good] = [await flow.take(), await flow.take()];
  if (bad == null || good == null) throw new Error('no rows came');
  const fail = (code: string, times = 1): void => {
    for (let i = 0; i < times; i += 1) takeResult(flow, errand, bad, { error: { code } }, undefined);
  };
  return { flow, seen, fail, good, ended, holdOff, end: () => flow.fail(new Error('over')) };
}

describe('a row of an export that fails time after time', () => {
  it.each(['kms_unavailable', 'enclave_not_trusted', 'enclave_unavailable', 'timed_out', 'audit_busy'])(
    'by %s while another is answered well holds nobody off any more, and is refused in the end',
    async (code) => {
      const { flow, seen, fail, good, holdOff, end } = await underWay(EXPORT);
      fail(code);
      flow.answer(good, DONE);
      fail(code, 3);
      const held = holdOff.mock.calls.length;
      expect(held).toBe(code === 'timed_out' ? 0 : 4);
      fail(code, 20);
      seen.now = 2 * MINUTES - 1;
      fail(code);
      expect([holdOff.mock.calls.length, seen.settled]).toEqual([held, []]);
      seen.now = 2 * MINUTES;
      fail(code);
      expect(seen.settled).toEqual([
        [1, { ok: false, refusal: { code } }],
        [2, DONE],
      ]);
      end();
    },
  );

  it('is refused for no time alone: it fails eight times before', async () => {
    const { flow, seen, fail, good, end } = await underWay(EXPORT);
    fail('kms_unavailable');
    flow.answer(good, DONE);
    seen.now = 60 * MINUTES;
    fail('kms_unavailable', 6);
    expect(seen.settled).toEqual([]);
    fail('kms_unavailable');
    expect(seen.settled.length).toBe(2);
    end();
  });

  it.each([
    ['no other is answered well since', EXPORT, 'kms_unavailable', false],
    ['the code is of the whole vault', EXPORT, 'store_unavailable', true],
    ['it may have been made', IMPORT, 'kms_unavailable', true],
  ] as const)('holds all off and is never refused where %s', async (_what, errand, code, well) => {
    const { flow, seen, fail, good, holdOff, end } = await underWay(errand);
    if (!well) flow.answer(good, DONE);
    fail(code);
    if (well) flow.answer(good, DONE);
    seen.now = 60 * MINUTES;
    fail(code, 29);
    expect([holdOff.mock.calls.length, seen.settled]).toEqual([30, []]);
    end();
  });
});

describe('a row that is unauthenticated', () => {
  it.each([
    ['export', EXPORT],
    ['import', IMPORT],
  ])('is not refused, and ends an %s whose calls go on being accepted', async (_what, errand) => {
    const { flow, seen, fail, ended, holdOff } = await underWay(errand);
    fail('unauthenticated', 4);
    await Promise.resolve();
    expect([ended.mock.calls.length, holdOff.mock.calls.length, flow.unanswered]).toEqual([0, 4, 2]);
    fail('unauthenticated');
    await vi.advanceTimersByTimeAsync(0);
    expect(ended).toHaveBeenCalledWith(
      expect.objectContaining({ code: 'request_failed', message: expect.stringContaining('has expired') }),
    );
    expect([seen.settled, flow.unanswered]).toEqual([[], 2]);
  });
});
