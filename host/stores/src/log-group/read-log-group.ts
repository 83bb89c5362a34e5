// SPDX-License-Identifier: Apache-2.0
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { AuditHead } from '@enclave-vault/vault';
import { SinkError } from '../errors.ts';
import { parseLine } from '../sink/line.ts';
import { callLogs, createLogsClient, type LogGroupPlace } from './client.ts';

/** One page of up to 1 MB, ms. */
const TIMEOUT_MS = 30_000;
const ATTEMPT_MS = 10_000;

/**
 * Reads the heads of all streams of a group, for `audit verify --against`. The service shows an event some seconds
 * after it accepted it: the newest heads may be missing, and none is made up for that.
 * @throws {SinkError} `sink_unavailable`, `sink_malformed` with the event's number
 */
export async function* readLogGroup(place: LogGroupPlace): AsyncGenerator<AuditHead> {
  const client = createLogsClient(place, ATTEMPT_MS);
  let number = 0;
  let nextToken: string | undefined;
  try {
    do {
      const command = new FilterLogEventsCommand({ logGroupName: place.logGroup, nextToken });
      const page = await callLogs('FilterLogEvents', place.timeoutMs ?? TIMEOUT_MS, (abortSignal) =>
        client.send(command, { abortSignal }),
      );
      for (const { message = '' } of page.events ?? []) {
        number += 1;
        const head = parseLine(message);
        if (head === undefined) throw new SinkError('sink_malformed', number);
        yield head;
      }
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  } finally {
    client.destroy();
  }
}
