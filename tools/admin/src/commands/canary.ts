// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Reading, worstOf } from '@enclave-vault/canary/core';
import { LOCAL_CANARY, LocalCanary } from '@enclave-vault/canary/local';
import { readRole } from '@enclave-vault/settings';
import { EXIT_CODES } from '../canary/usage.ts';
import { findRunning, type Running } from '../dev/control.ts';
import { files } from '../dev/folders.ts';
import { askSocket } from '../dev/hypervisor.ts';
import { AdminError, UsageError } from '../errors.ts';

/** How long a vault that is just starting may take to make the canary's record. */
const STARTING_MS = 15_000;
const POLL_MS = 100;
/** What was asked and never answered must not hold up who asked. */
const LINGER_MS = 500;

/** `enclave-vault canary run --once`. */
export async function canary(args: readonly string[]): Promise<number> {
  const { data, json } = read(args);
  const running = await findRunning(files(data).running);
  if (running === undefined) throw new AdminError('vault_not_running', `no vault runs on ${data}: start it`);
  const { settings, instance } = await lent(running);
  const probing = new LocalCanary(readRole(LOCAL_CANARY, { file: settings, env: {} }), { instance });
  const readings = await probing.run();
  probing.close();
  const outcome = worstOf(readings) ?? 'Good';
  process.stdout.write(json ? `${JSON.stringify({ outcome, readings })}\n` : report(outcome, readings));
  const code = EXIT_CODES[outcome];
  globalThis.setTimeout(() => process.exit(code), LINGER_MS).unref();
  return code;
}

function read(args: readonly string[]): { readonly data: string; readonly json: boolean } {
  const { values, positionals } = parse(args);
  if (positionals.join(' ') !== 'run' || values.once !== true)
    throw new UsageError('canary takes run --once; a vault that runs does it by itself, every minute');
  const data = resolve(
    process.env.INIT_CWD ?? '.',
    values.data ?? process.env.ENCLAVE_VAULT_DATA ?? '.vault',
  );
  return { data, json: values.json === true };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { once: { type: 'boolean' }, json: { type: 'boolean' }, data: { type: 'string' } },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options cannot be read');
  }
}

interface Lent {
  readonly settings: unknown;
  readonly instance: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** @throws {AdminError} canary_off, start_timed_out */
async function lent({ control }: Running): Promise<Lent> {
  const until = Date.now() + STARTING_MS;
  while (Date.now() < until) {
    const { state, settings, instance } = await askSocket(control, 'GET', '/canary');
    if (state === 'there') return { settings, instance: instance as Lent['instance'] };
    if (state === 'off')
      throw new AdminError('canary_off', 'the vault runs without a canary (--canary-interval 0)');
    await setTimeout(POLL_MS);
  }
  throw new AdminError('start_timed_out', 'the vault has not made what its canary needs: see its log');
}

function report(outcome: string, readings: readonly Reading[]): string {
  const width = Math.max(...readings.map(({ probe }) => probe.length));
  const lines = readings.map((one) => `${one.outcome.padEnd(15)}  ${one.probe.padEnd(width)}  ${one.reason}`);
  return `${[...lines, '', `${readings.length} readings: ${outcome}`].join('\n')}\n`;
}
