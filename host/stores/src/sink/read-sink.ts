// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs';
import type { AuditHead } from '@enclave-vault/vault';
import { SinkError } from '../errors.ts';
import { parseLine, TORN_MARK } from './line.ts';

/** No head is longer; what is, is another file. */
const MAX_LINE = 4096;

/**
 * Reads the heads of a file sink, for `audit verify --against`. A line that a crash cut off is passed over: it was
 * never acknowledged. It is the last one, or a mark follows it.
 * @throws {SinkError} `sink_unavailable`, `sink_malformed` with the line
 */
export async function* readAuditSink(path: string): AsyncGenerator<AuditHead> {
  let number = 0;
  let doubtful: number | undefined;
  for await (const line of linesOf(path)) {
    number += 1;
    if (line === TORN_MARK) {
      doubtful = undefined;
      continue;
    }
    if (doubtful !== undefined) throw new SinkError('sink_malformed', doubtful);
    const head = parseLine(line);
    if (head === undefined) doubtful = number;
    else yield head;
  }
  if (doubtful !== undefined) throw new SinkError('sink_malformed', doubtful);
}

/** Lines that have an end: what follows the last one is torn. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of createReadStream(path, 'utf8')) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
      if (rest.length > MAX_LINE) throw new SinkError('sink_malformed');
    }
  } catch (cause) {
    throw cause instanceof SinkError ? cause : new SinkError('sink_unavailable', undefined, { cause });
  }
}
