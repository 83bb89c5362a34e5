// SPDX-License-Identifier: Apache-2.0
import { createInterface } from 'node:readline';
import type { LogLine } from './dispatch.ts';
import { type KmsEmulator, startKmsEmulator } from './emulator.ts';
import { StartError } from './errors.ts';
import { parseConfig } from './parse-config.ts';

/*
 * The KMS emulator as a process: configuration on the first line of stdin, one ready line on stdout, a log of JSON lines
 * on stderr. It ends with SIGTERM, SIGINT or the end of stdin, which means that its supervisor is gone.
 */

process.title = 'enclave-vault-kms';

function log({ level, event, ...rest }: LogLine): void {
  process.stderr.write(
    `${JSON.stringify({ time: new Date().toISOString(), level, process: 'kms', event, ...rest })}\n`,
  );
}

let emulator: Promise<KmsEmulator> | null = null;
let stopping = false;

async function stop(reason: string): Promise<void> {
  if (stopping) return;
  stopping = true;
  log({ level: 'info', event: 'stopping', reason });
  await emulator?.then((running) => running.close()).catch(() => undefined);
  process.exit(0);
}

async function start(line: string): Promise<void> {
  emulator = startKmsEmulator(parseConfig(parseLine(line)), { log });
  const { endpoints, ca } = await emulator;
  process.stdout.write(`${JSON.stringify({ event: 'ready', endpoints, ca })}\n`);
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new StartError('invalid_config', 'the first line of stdin is not JSON');
  }
}

function fail(error: unknown): void {
  if (stopping) return;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'internal';
  const message = error instanceof StartError ? error.message : 'the KMS emulator cannot start';
  log({ level: 'error', event: 'start_failed', code, message });
  process.exit(2);
}

process.on('SIGTERM', () => void stop('SIGTERM'));
process.on('SIGINT', () => void stop('SIGINT'));

const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
lines.once('line', (line) => void start(line).catch(fail));
lines.once('close', () => void stop('stdin'));
