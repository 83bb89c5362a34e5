// SPDX-License-Identifier: Apache-2.0
import { MessageChannel } from 'node:worker_threads';
import { expect, test, vi } from 'vitest';
import type { ExpressionOutcome } from '../src/evaluate.ts';
import { runExpressionWorker } from '../src/worker.ts';

const evaluated: ExpressionOutcome[] = [];
vi.mock('../src/evaluate.ts', async (original) => {
  const { evaluate } = await original<typeof import('../src/evaluate.ts')>();
  const noted: typeof evaluate = (request, each) =>
    evaluate(request, (outcome) => {
      evaluated.push(outcome);
      each?.(outcome);
    });
  return { evaluate: noted };
});

test('a worker has evaluated an expression before it says that it is ready', () => {
  const { port1, port2 } = new MessageChannel();
  const said: unknown[] = [];
  port1.postMessage = (report: unknown) => said.push([report, evaluated.length]);
  try {
    runExpressionWorker(port1);
    expect(said).toEqual([[{ kind: 'ready' }, 1]]);
    expect(evaluated).toEqual([{ name: 'first', ok: true, json: '"a"' }]);
  } finally {
    port1.close();
    port2.close();
  }
});
