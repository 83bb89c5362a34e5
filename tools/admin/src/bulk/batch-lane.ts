// SPDX-License-Identifier: Apache-2.0
import { AdminError } from '../errors.ts';
import { type Errand, fatal, mayBeDone, takeResult } from './errand.ts';
import { type Flow, pauseAfter } from './flow.ts';
import { type Access, askJson, problemFrom } from './http.ts';
import { LONGEST_ROW } from './ndjson-rows.ts';
import type { Sendable } from './row.ts';
import { member } from './schema.ts';

const ITEMS = 100;
/** A call's items are waited for so long, ms: the reading may be a little behind. */
const GATHER_MS = 5;

/** Sends rows by documents of up to 100, where no stream gets through: behind API Gateway. */
export async function batchLane(flow: Flow, access: Access, errand: Errand): Promise<void> {
  let failures = 0;
  let left: Sendable | null | undefined;
  for (;;) {
    const first: Sendable | null | undefined = left ?? (await flow.take());
    if (first == null) return;
    const rows = [first];
    let size = sizeOf(first);
    for (left = undefined; rows.length < ITEMS; ) {
      const next: Sendable | null | undefined = await flow.take({ waitMs: GATHER_MS });
      if (next == null) break;
      size += sizeOf(next);
      if (size > LONGEST_ROW) {
        left = next;
        break;
      }
      rows.push(next);
    }
    const pauseMs = await send(flow, access, errand, rows);
    failures = pauseMs === undefined ? 0 : failures + 1;
    if (pauseMs !== undefined) await flow.pause(Math.max(pauseMs, pauseAfter(failures)));
  }
}

/** @returns undefined: there was an answer; otherwise how long it asks to wait, ms */
async function send(
  flow: Flow,
  access: Access,
  errand: Errand,
  rows: readonly Sendable[],
): Promise<number | undefined> {
  const left = new Set(rows);
  const giveBack = (why: string): void => {
    for (const row of left) flow.giveBack(row, why);
  };
  try {
    const answer = await askJson(access, 'POST', errand.path, errand.body(rows), { signal: flow.aborted });
    if (answer.status !== 200) {
      const problem = problemFrom(answer);
      if (mayBeDone(problem)) flow.delivered();
      const error = fatal(problem, errand);
      if (error !== undefined) flow.fail(error);
      giveBack(`${problem.status} ${problem.code}`);
      return (problem.retryAfter ?? 0) * 1000;
    }
    flow.delivered();
    const results = member(answer.json, 'results');
    for (const result of Array.isArray(results) ? (results as unknown[]) : []) {
      const index = member(result, 'index');
      const row = typeof index === 'number' ? rows[index] : undefined;
      if (row !== undefined && left.has(row) && takeResult(flow, errand, row, result, undefined))
        left.delete(row);
    }
    giveBack('an answer that is none of this protocol');
    return left.size === 0 ? undefined : 0;
  } catch (error) {
    // Who has no credentials any more gets none by waiting; the same command goes on with new ones.
    if (error instanceof AdminError && error.code === 'credentials_unusable') flow.fail(error);
    else flow.delivered();
    giveBack(error instanceof AdminError ? error.message : 'connection lost');
    return 0;
  }
}

/** More than it will be as part of a body: in UTF-8 a character of JavaScript's is up to three bytes. */
const sizeOf = ({ text }: Sendable): number => Buffer.byteLength(text) + 128;
