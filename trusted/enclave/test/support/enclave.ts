// SPDX-License-Identifier: Apache-2.0
import { Worker } from 'node:worker_threads';
import { ExpressionPool } from '@enclave-vault/expressions';
import { encodeErrorAnswer, type ParentCredentials, parseErrorAnswer } from '@enclave-vault/protocol';
import { systemClock } from '../../src/adapters/clock.ts';
import { KmsClient } from '../../src/adapters/kms/kms-client.ts';
import { NsmClient } from '../../src/adapters/nsm-client.ts';
import { Program } from '../../src/core/program.ts';
import type { Call, Clock, Kms, Log, Reply } from '../../src/ports.ts';
import type { Question } from './caller.ts';
import { PCRS, type TestDeployment } from './deployment.ts';
import { dialTcp } from './dial.ts';
import { type TestModule, testModule } from './nsm.ts';

/** The system's clock; `push` lets time pass, `set` is somebody who sets the clock: forwards, or backwards, by so much. */
export function pushedClock(): Clock & { push: (ms: number) => void; set: (ms: number) => void } {
  const system = systemClock();
  let pushed = 0;
  let skew = 0;
  return {
    now: () => system.now() + pushed + skew,
    elapsed: () => system.elapsed() + pushed,
    after: system.after,
    push: (ms) => {
      pushed += ms;
    },
    set: (ms) => {
      skew += ms;
    },
  };
}

export function call(method: string, path: string, body: Uint8Array = Buffer.alloc(0)): Call {
  return { method, path, peer: 0, whenGone: () => undefined, body: async () => Buffer.from(body) };
}

/** What a reply says, in one word or its bytes. */
export function said(reply: Reply): Buffer | string {
  if (reply.kind === 'bytes') return reply.body;
  if (reply.kind === 'empty') return 'empty';
  return parseErrorAnswer(encodeErrorAnswer(reply.code));
}

export interface TestEnclaveOptions {
  readonly configuration?: Buffer;
  readonly module?: TestModule;
  readonly wrapKms?: (kms: Kms) => Kms;
}

/** The program in this process, with its real parts: KMS over TLS, the emulated module, expressions in threads. */
export function testEnclave(deployment: TestDeployment, options: TestEnclaveOptions = {}) {
  const clock = pushedClock();
  const module = options.module ?? testModule(deployment.root, PCRS);
  const events: Record<string, string | number>[] = [];
  const log: Log = (event, details) => events.push({ event, ...details });
  const pools: ExpressionPool[] = [];
  const program = new Program({
    nsm: new NsmClient(module.handle),
    clock,
    log,
    sweep: () => undefined,
    kms: (configuration) => {
      const kms = new KmsClient(configuration, dialTcp(deployment.port), clock, log);
      return options.wrapKms?.(kms) ?? kms;
    },
    expressions: ({ limits }) => {
      // Made when needed: most tests have no expression, and a thread takes its time to load the library.
      let pool: ExpressionPool | null = null;
      return {
        evaluate(request, signal) {
          if (pool === null) {
            const createWorker = (): Worker => new Worker(new URL('./expression-worker.ts', import.meta.url));
            pool = new ExpressionPool({
              workers: limits.expressionWorkers,
              budgetMs: limits.expressionMs,
              createWorker,
            });
            pools.push(pool);
          }
          return pool.evaluate(request, signal);
        },
      };
    },
  });
  const credentials = deployment.credentialsOf(deployment.principals.instance);
  return {
    program,
    clock,
    module,
    events,
    async configure(): Promise<Buffer | string> {
      const body = options.configuration ?? deployment.configuration;
      return said(await program.handle(call('PUT', '/v1/configuration', body)));
    },
    /** The sealed answer opened, or the code of a refusal. */
    async ask(question: Question, as: ParentCredentials = credentials) {
      const answer = said(await program.handle(call('POST', '/v1/decrypt', question.message(as))));
      return typeof answer === 'string' ? answer : question.open(answer);
    },
    async close(): Promise<void> {
      await Promise.all(pools.map((pool) => pool.close()));
    },
  };
}
