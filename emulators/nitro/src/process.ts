// SPDX-License-Identifier: Apache-2.0
import { createInterface } from 'node:readline';
import { NitroError } from './errors.ts';
import { createLog, type Log } from './log.ts';

export interface Service {
  /** Members of the ready line. */
  ready: Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

export interface ProcessOptions {
  name: string;
  start: (config: unknown, log: Log) => Promise<Service>;
}

/** A supervisor waits five seconds. */
const STOP_MS = 4_500;

/**
 * The vault's convention for processes: configuration is the first line of standard input, whose end means that the supervisor is gone;
 * a ready line on standard output, logs on standard error; SIGTERM and SIGINT end it in order with exit 0; a bad configuration is exit 2.
 */
export async function runProcess({ name, start }: ProcessOptions): Promise<void> {
  process.title = name;
  const log = createLog(name, (line) => process.stderr.write(line));
  let service: Service | null = null;
  let stopping = false;
  const stop = async (cause: string) => {
    if (stopping) return;
    stopping = true;
    log('info', 'stopping', { cause });
    setTimeout(() => process.exit(1), STOP_MS).unref();
    await service?.stop();
    process.exit(0);
  };
  const crash = (error: unknown) => {
    const { code, message } =
      error instanceof NitroError ? error : { code: 'internal', message: nameOf(error) };
    log('error', 'failed', { code, message });
    process.exit(code === 'config_invalid' ? 2 : 1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));

  const lines = createInterface({ input: process.stdin });
  lines.once('line', (line) => {
    start(parse(line), log).then((started) => {
      service = started;
      if (stopping) return;
      process.stdout.write(`${JSON.stringify({ event: 'ready', ...started.ready })}\n`);
    }, crash);
  });
  lines.once('close', () => void stop('stdin_ended'));
}

/** Null for what is not JSON: no configuration is null. */
function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return null;
  }
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = 'code' in error ? ` ${String(error.code)}` : '';
  return `${error.name}${code} ${
    (error.stack ?? '')
      .split('\n')[1]
      ?.trim()
      .replace(/file:\S*\//, '') ?? ''
  }`;
}
