// SPDX-License-Identifier: Apache-2.0

/**
 * The enclave program for AWS Nitro Enclaves: vsock and /dev/nsm. No arguments, no environment, no files but its own: everything it
 * knows it measured, made itself, or was sent. It starts as root, since the device and the random numbers are root's, and serves as nobody.
 */
import type { Server } from 'node:http';
import { isMainThread, parentPort } from 'node:worker_threads';
import { ExpressionPool, runExpressionWorker } from '@enclave-vault/expressions';
import { LinuxError } from '@enclave-vault/linux';
import { openNsmDevice } from '@enclave-vault/linux/nsm';
import { dropPrivileges, forbidDumps, seedEntropy } from '@enclave-vault/linux/process';
import { connectVsock, listenVsock, peerCid, VMADDR_CID_ANY } from '@enclave-vault/linux/vsock';
import { systemClock } from './adapters/clock.ts';
import { createHttpServer } from './adapters/http-server.ts';
import { KmsClient } from './adapters/kms/kms-client.ts';
import { stderrLog as log } from './adapters/log.ts';
import { NsmClient } from './adapters/nsm-client.ts';
import { nsmDevice } from './adapters/nsm-device.ts';
import { collector } from './adapters/sweep.ts';
import { createExpressionWorker } from './adapters/worker.ts';
import { Program } from './core/program.ts';
import { NsmError } from './errors.ts';

/** Where the parent finds the enclave, and the enclave the parent's relay to KMS. */
const PORT = 5000;
const RELAY_PORT = 8000;
/** User and group that nothing else has. */
const NOBODY = 65_532;
/** GetRandom yields 256 bytes. The kernel's pool holds 256 bits. */
const SEEDS = 2;

/** Ends the program. An enclave that is in doubt about itself is replaced, not repaired. */
function end(event: string, detail: string): never {
  log(event, { detail });
  process.exit(1);
}

/** Runs a step of the start, whose failure has an event of its own. */
async function step<T>(event: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof LinuxError) end(event, error.code);
    if (error instanceof NsmError) end(event, error.detail);
    throw error;
  }
}

/** Nobody loads native code any more: koffi is, and only trusted/linux can reach it. */
function forbidAddons(): void {
  const { permission } = process as {
    permission?: { has(name: string): boolean; drop?(name: string): void };
  };
  permission?.drop?.('addon');
  if (permission?.has('addon') !== false) throw new LinuxError('not_permitted', 'permission');
}

/** The kernel has little to draw on when an enclave boots; OpenSSL and V8 draw on the kernel. */
async function seed(nsm: NsmClient): Promise<void> {
  const bytes = await step('no_nsm', () => nsm.random());
  await step('no_entropy', () => seedEntropy(bytes));
}

async function serve(): Promise<void> {
  process.title = 'enclave';
  process.umask(0o077);
  await step('dumps_not_forbidden', forbidDumps);
  const device = await step('no_nsm', () => openNsmDevice());
  const nsm = new NsmClient(nsmDevice(device, () => end('nsm_lost', 'timed_out')));
  for (let count = 0; count < SEEDS; count++) await seed(nsm);

  const clock = systemClock(() => end('clock_lost', 'stepped_back'));
  const program = new Program({
    nsm,
    clock,
    log,
    sweep: collector(),
    kms: (configuration, cid) =>
      new KmsClient(
        configuration,
        (timeoutMs) => connectVsock({ cid, port: RELAY_PORT, timeoutMs }),
        clock,
        log,
      ),
    expressions: ({ limits }) =>
      new ExpressionPool({
        workers: limits.expressionWorkers,
        budgetMs: limits.expressionMs,
        createWorker: () => createExpressionWorker(import.meta.filename),
      }),
  });
  process.once('exit', () => program.close());
  const server: Server = createHttpServer((call) => program.handle(call), peerCid);
  server.on('error', (error) => end('listener_lost', error.name));
  await step('no_vsock', () => listenVsock(server, { cid: VMADDR_CID_ANY, port: PORT }));
  await step('privileges_not_dropped', () => {
    dropPrivileges(NOBODY);
    // A change of user makes a process dumpable again.
    forbidDumps();
    forbidAddons();
  });
  log('listening');
}

if (isMainThread) {
  // The default would print the message and the stack, and either may quote a value.
  process.on('uncaughtException', (error) => end('crashed', error.name));
  process.on('unhandledRejection', () => end('crashed', 'rejection'));
  await serve();
} else if (parentPort !== null) {
  runExpressionWorker(parentPort);
}
