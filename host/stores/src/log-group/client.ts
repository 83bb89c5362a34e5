// SPDX-License-Identifier: Apache-2.0
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { awsName } from '../aws/error-name.ts';
import { type AwsPlace, clientSettings } from '../aws/settings.ts';
import { within } from '../aws/within.ts';
import { SinkError } from '../errors.ts';

/** A log group of heads and nothing else. It is there already: who may write heads need not make groups. */
export interface LogGroupPlace extends AwsPlace {
  readonly logGroup: string;
}

const ATTEMPTS = 4;

/** @param attemptMs for one attempt */
export function createLogsClient(place: LogGroupPlace, attemptMs: number): CloudWatchLogsClient {
  return new CloudWatchLogsClient({
    ...clientSettings(place, attemptMs),
    retryMode: 'standard',
    maxAttempts: ATTEMPTS,
  });
}

/** Runs one call. @throws {SinkError} `sink_unavailable`, with the operation and AWS's name of the error */
export async function callLogs<T>(
  operation: string,
  timeoutMs: number,
  send: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await within(timeoutMs, send);
  } catch (error) {
    if (error instanceof SinkError) throw error;
    throw new SinkError('sink_unavailable', undefined, { detail: `${operation}: ${awsName(error)}` });
  }
}
