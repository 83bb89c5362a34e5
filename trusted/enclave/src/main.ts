// SPDX-License-Identifier: Apache-2.0

/**
 * The enclave program for a hypervisor that gives it unix sockets and an NSM behind descriptor 3. No arguments and no environment:
 * everything it knows it measured, made itself, or was sent.
 */
import { Socket } from 'node:net';
import { isMainThread, parentPort } from 'node:worker_threads';
import { ExpressionPool, runExpressionWorker } from '@enclave-vault/expressions';
import { systemClock } from './adapters/clock.ts';
import { dialUnix } from './adapters/dial-unix.ts';
import { createHttpServer } from './adapters/http-server.ts';
import { KmsClient } from './adapters/kms/kms-client.ts';
import { stderrLog as log } from './adapters/log.ts';
import { nsmChannel } from './adapters/nsm-channel.ts';
import { NsmClient } from './adapters/nsm-client.ts';
import { collector } from './adapters/sweep.ts';
import { createExpressionWorker } from './adapters/worker.ts';
import { Program } from './core/program.ts';

/** Relative to the working directory, which is the enclave's own: socket paths must be short. */
const LISTEN = 'listen.sock';
const KMS = 'kms.sock';
const NSM_DESCRIPTOR = 3;

/** Ends the program. An enclave that is in doubt about itself is replaced, not repaired. */
function end(event: string, detail: string): never {
  log(event, { detail });
  process.exit(1);
}

function serve(): void {
  process.title = 'enclave';
  process.umask(0o077);
  const clock = systemClock(() => end('clock_lost', 'stepped_back'));
  const module = new Socket({ fd: NSM_DESCRIPTOR });
  const nsm = new NsmClient(nsmChannel(module, () => end('nsm_lost', 'closed')));
  const program = new Program({
    nsm,
    clock,
    log,
    sweep: collector(),
    kms: (configuration) => new KmsClient(configuration, dialUnix(KMS), clock, log),
    expressions: ({ limits }) =>
      new ExpressionPool({
        workers: limits.expressionWorkers,
        budgetMs: limits.expressionMs,
        createWorker: () => createExpressionWorker(import.meta.filename),
      }),
  });
  process.once('exit', () => program.close());
  const server = createHttpServer((call) => program.handle(call));
  server.on('error', (error) => end('listener_lost', error.name));
  server.listen(LISTEN, () => log('listening'));
}

if (isMainThread) {
  // The default would print the message and the stack, and either may quote a value.
  process.on('uncaughtException', (error) => end('crashed', error.name));
  process.on('unhandledRejection', () => end('crashed', 'rejection'));
  serve();
} else if (parentPort !== null) {
  runExpressionWorker(parentPort);
}
