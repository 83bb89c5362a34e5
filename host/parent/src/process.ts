// SPDX-License-Identifier: Apache-2.0
import { configPath, readConfigFile, type Source } from '@enclave-vault/settings';
import { createLog, type Log } from './log.ts';

/** A running service: what its ready line says, and how to end it. */
export interface Service {
  ready: Readonly<Record<string, unknown>>;
  /** Finishes what is in flight. Called once. */
  stop(): Promise<void>;
  /** How long `stop` may take, in milliseconds. Default 4.5 s: half a second less than a supervisor of ours waits. */
  stopMs?: number;
}

export interface ProcessOptions<C = unknown> {
  name: string;
  /**
   * Reads the configuration: `(source) => readRole(ROLE, source)`. Where it is left out, `start` is given the parsed
   * file as it is, and environment variables are not looked at.
   */
  read?: (source: Source) => C;
  /**
   * Takes the configuration; throws `Error` with a `code` of `config_invalid` when it is not usable.
   * `fail` ends the process later on, in the same way as an error thrown here.
   */
  start: (config: C, log: Log, fail: (error: unknown) => void) => Promise<Service>;
}

const MAX_CONFIG_BYTES = 4 * 1024 * 1024;
const STOP_MS = 4_500;

/**
 * The convention of all processes of the vault. The configuration is a file (`--config FILE` or ENCLAVE_VAULT_CONFIG)
 * under the environment's ENCLAVE_VAULT_* variables; standard input is not read then. Without a file it is the first
 * line of standard input, in JSON, so that a supervisor passes secrets in neither an argument nor the environment;
 * standard input that ends then means that the supervisor is gone. A ready line on standard output, logs on standard
 * error, exit 2 for a bad configuration, SIGTERM and SIGINT end the process in order.
 */
export async function runProcess<C>(options: ProcessOptions<C>): Promise<void> {
  const { name, start } = options;
  // Without a reader of its own, C is unknown.
  const read = options.read ?? (({ file }: Source) => file as C);
  process.title = name;
  const log = createLog(name, (line) => process.stderr.write(line));
  const state: { service: Service | null; stopping: boolean } = { service: null, stopping: false };

  const stop = async (cause: string) => {
    if (state.stopping) return;
    state.stopping = true;
    log('info', 'stopping', { cause });
    setTimeout(() => {
      log('error', 'stop_timeout');
      process.exit(1);
    }, state.service?.stopMs ?? STOP_MS).unref();
    try {
      await state.service?.stop();
    } catch (error) {
      log('error', 'stop_failed', describeError(error));
      process.exit(1);
    }
    log('info', 'stopped');
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  const crash = (error: unknown) => {
    log('error', 'crashed', describeError(error));
    process.exit(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);

  const fail = (error: unknown) => {
    if (describeError(error).code !== 'config_invalid') return crash(error);
    // Our own message: it names what is wrong and quotes nothing.
    const problems = error instanceof Error && 'problems' in error ? { problems: error.problems } : {};
    log('error', 'config_invalid', { message: error instanceof Error ? error.message : '', ...problems });
    process.exit(2);
  };

  try {
    state.service = await start(read(await source(() => void stop('stdin_ended'))), log, fail);
  } catch (error) {
    return fail(error);
  }
  if (state.stopping) return;
  process.stdout.write(`${JSON.stringify({ event: 'ready', ...state.service.ready })}\n`);
}

/** What a supervisor says is all that counts: the environment is looked at beside a file only. */
async function source(onEnd: () => void): Promise<Source> {
  const path = configPath(process.argv.slice(2), process.env);
  if (path !== undefined) return { file: readConfigFile(path), env: process.env };
  return { file: parseJson(await firstLine(onEnd)), env: {} };
}

/** The first line of standard input, without its end. `onEnd` is called when standard input ends later. */
async function firstLine(onEnd: () => void): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let done = false;
    const finish = () => {
      done = true;
      resolve(Buffer.concat(chunks).toString('utf8'));
      chunks.length = 0;
    };
    process.stdin.on('data', (chunk: Buffer) => {
      if (done) return;
      const end = chunk.indexOf(0x0a);
      chunks.push(end === -1 ? chunk : chunk.subarray(0, end));
      size += chunk.length;
      if (end !== -1 || size > MAX_CONFIG_BYTES) finish();
    });
    process.stdin.on('end', () => {
      if (!done) finish();
      else onEnd();
    });
    process.stdin.on('error', () => onEnd());
  });
}

/** `null` for text that is not JSON: every reader of a configuration refuses that. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** What may be logged of an unexpected error: its kind and place, never its message, which may hold a value. */
export function describeError(error: unknown): { name: string; code?: string; at?: string } {
  if (!(error instanceof Error)) return { name: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const at = frames
    .slice(0, 4)
    .map((line) => line.trim().replace(/file:\/\/\S*\/(?=[^/\s]+:\d)/g, ''))
    .join(' ');
  return { name: error.name, ...code, ...(at === '' ? {} : { at }) };
}
