// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import {
  type CloudWatchLogsClient,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import type { AuditHead, AuditSink } from '@enclave-vault/vault';
import { awsName } from '../aws/error-name.ts';
import { SinkError } from '../errors.ts';
import { GroupWriter } from '../group-writer.ts';
import { formatLine } from '../sink/line.ts';
import { callLogs, createLogsClient, type LogGroupPlace } from './client.ts';

export interface LogGroupSinkOptions extends LogGroupPlace {
  /** Default: a new one, of today and a random id. Several processes may share a stream. */
  readonly logStream?: string;
}

/** A whole append, ms: a decrypt waits for it within the API's 10 s. */
const TIMEOUT_MS = 3_000;
const ATTEMPT_MS = 1_500;
/** Events of one call. PutLogEvents takes 10,000, and 1 MiB with 26 bytes beside each: a head has some 200. */
const MOST_EVENTS = 2_000;

/**
 * Audit heads in a CloudWatch Logs group, one event each, the same text as a line of the file sink. A head counts when
 * the service has accepted it. Heads that come in while a call is under way share the next one. Who may write here
 * must not be able to delete: give it logs:CreateLogStream and logs:PutLogEvents alone.
 */
export class LogGroupSink implements AuditSink {
  readonly #client: CloudWatchLogsClient;
  readonly #group: string;
  readonly #stream: string;
  readonly #timeoutMs: number;
  readonly #writer = new GroupWriter<string>((lines) => this.#put(lines), MOST_EVENTS);
  #streamIsThere = false;
  #closed = false;

  private constructor(options: LogGroupSinkOptions) {
    this.#client = createLogsClient(options, ATTEMPT_MS);
    this.#group = options.logGroup;
    this.#stream =
      options.logStream ?? `heads/${new Date().toISOString().slice(0, 10)}/${randomUUID().slice(0, 8)}`;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  /** Makes the stream in a group that is there. @throws {SinkError} `sink_unavailable` */
  static async open(options: LogGroupSinkOptions): Promise<LogGroupSink> {
    const sink = new LogGroupSink(options);
    try {
      await sink.#ensureStream();
      return sink;
    } catch (error) {
      await sink.close();
      throw error;
    }
  }

  async append(head: AuditHead): Promise<void> {
    if (this.#closed) throw new SinkError('sink_closed');
    await this.#writer.add(formatLine(head).trimEnd());
  }

  /** Waits for what is being written, which ends within its time. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writer.idle();
    this.#client.destroy();
  }

  async #put(lines: readonly string[]): Promise<void> {
    await this.#ensureStream();
    // The time of sending, not of the entry: the service refuses what is weeks old, as a head may be that waited.
    const timestamp = Date.now();
    const command = new PutLogEventsCommand({
      logGroupName: this.#group,
      logStreamName: this.#stream,
      logEvents: lines.map((message) => ({ timestamp, message })),
    });
    const { rejectedLogEventsInfo: rejected } = await this.#call('PutLogEvents', async (abortSignal) => {
      try {
        return await this.#client.send(command, { abortSignal });
      } catch (error) {
        // Somebody removed the stream: the next write makes it anew.
        if (awsName(error) === 'ResourceNotFoundException') this.#streamIsThere = false;
        throw error;
      }
    });
    if (rejected !== undefined) {
      throw new SinkError('sink_unavailable', undefined, { detail: 'PutLogEvents: events were rejected' });
    }
  }

  async #ensureStream(): Promise<void> {
    if (this.#streamIsThere) return;
    await this.#call('CreateLogStream', async (abortSignal) => {
      const names = { logGroupName: this.#group, logStreamName: this.#stream };
      try {
        await this.#client.send(new CreateLogStreamCommand(names), { abortSignal });
      } catch (error) {
        if (awsName(error) !== 'ResourceAlreadyExistsException') throw error;
      }
    });
    this.#streamIsThere = true;
  }

  async #call<T>(operation: string, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return await callLogs(operation, this.#timeoutMs, send);
  }
}
