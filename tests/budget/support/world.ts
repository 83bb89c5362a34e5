// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp } from '@enclave-vault/api';
import { createVaultKms } from '@enclave-vault/host-kms';
import { integrityKeyPolicy } from '@enclave-vault/policies';
import { encodeErrorAnswer, encodeParentRequest, type Refusal } from '@enclave-vault/protocol';
import { FileAuditSink, SqliteStore } from '@enclave-vault/stores';
import { type Clock, defaultSchema, type EnclaveClient, systemClock, Vault } from '@enclave-vault/vault';
import {
  DEPLOYMENT,
  PCRS,
  startDeployment,
  type TestDeployment,
} from '../../../trusted/enclave/test/support/deployment.ts';
import { call, testEnclave } from '../../../trusted/enclave/test/support/enclave.ts';
import { type TestModule, testModule } from '../../../trusted/enclave/test/support/nsm.ts';
import { type Answer, faultOf, JSON_TYPE, linesOf, NDJSON, readAnswer } from './answer.ts';
import { countedEnclaveKms, countedKms, countedSink, countedStore } from './counted.ts';
import { asNobody, countCrypto, on } from './crypto.ts';
import { type ApiDocument, type Asked, uncounted } from './routes.ts';
import { type Counts, Tally } from './tally.ts';

export interface RequestOptions {
  readonly body?: unknown;
  /** A stream's lines, in place of a body. */
  readonly lines?: readonly unknown[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly key?: string;
}

/** Stands still but when it is told: what is remembered for a second is remembered for as long as a route is counted. */
class SteppingClock implements Clock {
  readonly #clock = systemClock();
  #ahead = 0;
  #at = this.#clock.now();

  now(): number {
    return this.#at;
  }

  /** @param ms of which it is further ahead of the true time from now on */
  step(ms = 0): void {
    this.#ahead += ms * 1000;
    this.#at = this.#clock.now() + this.#ahead;
  }
}

/**
 * The whole vault in one process, of its real parts: the application, the SQLite store, a file of audit heads, KMS behind TLS under the
 * real policies, and the enclave's program with an attested module. Between the parts all is counted.
 */
export class World {
  readonly clock: SteppingClock;
  /** From now on a process answers that has read and written nothing yet. */
  readonly otherProcess: () => Promise<void>;
  /** A key with all rights. */
  readonly admin: string;
  readonly #app: Awaited<ReturnType<typeof createApp>>;
  readonly #tally: Tally;
  readonly #making: { readonly now: number };
  readonly #asked: Asked[] = [];
  #counting = false;
  readonly #close: () => Promise<void>;

  private constructor(parts: {
    clock: SteppingClock;
    otherProcess: () => Promise<void>;
    admin: string;
    app: Awaited<ReturnType<typeof createApp>>;
    tally: Tally;
    making: { readonly now: number };
    close: () => Promise<void>;
  }) {
    this.clock = parts.clock;
    this.otherProcess = parts.otherProcess;
    this.admin = parts.admin;
    this.#app = parts.app;
    this.#tally = parts.tally;
    this.#making = parts.making;
    this.#close = parts.close;
  }

  static async start(): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'ev-budget-'));
    const tally = new Tally();
    const restore = countCrypto(tally);
    const deployment = await startDeployment();
    const integrity = await deployment.createKey(integrityKeyPolicy(DEPLOYMENT));
    const { accessKeyId, secretAccessKey } = deployment.principals.api;
    const kms = createVaultKms({
      region: deployment.region,
      endpoint: `https://localhost:${deployment.port}`,
      ca: deployment.kms.ca,
      keys: { ...deployment.keys, integrity },
      credentials: { accessKeyId, secretAccessKey },
    });
    const program = testEnclave(deployment, {
      module: moduleOf(deployment),
      wrapKms: (genuine) => countedEnclaveKms(genuine, tally),
    });
    await program.configure();
    const store = SqliteStore.open(join(folder, 'vault.db'));
    const sink = await FileAuditSink.open(join(folder, 'audit-heads.log'));
    const clock = new SteppingClock();
    const schema = defaultSchema();
    const making = { now: 0 };
    const open = (): Promise<Vault> =>
      Vault.open({
        store: countedStore(store, tally),
        kms: countedKms(kms, tally, making),
        sink: countedSink(sink, tally),
        enclave: enclaveOf(program, deployment, tally),
        clock,
        schema,
        keyPool: { size: 64, perSecond: 1_000 },
      });
    let vault = await open();
    const opened = [vault];
    const otherProcess = async (): Promise<void> => {
      vault = await open();
      opened.push(vault);
    };
    const { token: admin } = await vault.keys.bootstrap();
    const health = async () => ({ store: { ok: true }, enclave: { ok: true } });
    const app = await createApp({ vault: () => vault, schema, health, log: () => undefined, ui: false });
    await app.ready();
    const close = async (): Promise<void> => {
      await app.close();
      for (const one of opened) await one.close();
      await sink.close();
      kms.close();
      program.program.close();
      await program.close();
      await deployment.close();
      restore();
      rmSync(folder, { recursive: true });
    };
    return new World({ clock, otherProcess, admin, app, tally, making, close });
  }

  async request(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    url: string,
    { body, lines, headers = {}, key = this.admin }: RequestOptions = {},
  ): Promise<Answer> {
    const payload = lines === undefined ? body : linesOf(lines);
    const type = lines === undefined ? JSON_TYPE : NDJSON;
    if (this.#counting) this.#asked.push({ method, url, type: payload === undefined ? undefined : type });
    // What inject() gives begins when it is awaited: inside, or nobody's work is done.
    const response = await on(
      'api',
      async () =>
        await this.#app.inject({
          method,
          url,
          headers: {
            host: 'localhost',
            authorization: `Bearer ${key}`,
            ...(payload === undefined ? {} : { 'content-type': type }),
            ...headers,
          },
          ...(payload === undefined ? {} : { payload: payload as object | string }),
        }),
    );
    return readAnswer(response.statusCode, response.headers['content-type'], response.payload);
  }

  /** Counts what one request costs. Who asks is known already, unless `known` is false. */
  async count(work: () => Promise<Answer>, known = true): Promise<Counts> {
    this.clock.step(known ? 0 : 2_000);
    await this.poolFull();
    if (known) {
      // By the monotonic clock, which stands still for nobody, he is known for a second: what was known is let end first, or it would end
      // between these two.
      for (let took = Number.POSITIVE_INFINITY; took > 500; ) {
        await sleep(1_010);
        const began = performance.now();
        await this.request('GET', '/v1/keys?limit=1');
        took = performance.now() - began;
      }
    }
    this.#tally.take();
    this.#counting = true;
    const answer = await work();
    this.#counting = false;
    const fault = faultOf(answer);
    if (fault !== undefined) throw new Error(`the request was answered ${fault}`);
    return this.#tally.take();
  }

  /** Routes of the API that nothing was counted of so far. */
  async uncounted(): Promise<string[]> {
    const { json } = await this.request('GET', '/v1/openapi.json');
    return uncounted(json as unknown as ApiDocument, this.#asked);
  }

  /** Until the pairs that the last create had made beforehand are there. */
  async poolFull(): Promise<void> {
    do await sleep(20);
    while (this.#making.now > 0);
  }

  async close(): Promise<void> {
    await this.#close();
  }
}

/** The hypervisor's: what it signs is nobody's. */
function moduleOf({ root }: TestDeployment): TestModule {
  const genuine = testModule(root, PCRS);
  return { ...genuine, handle: (request) => asNobody(() => genuine.handle(request)) };
}

function enclaveOf(
  { program }: ReturnType<typeof testEnclave>,
  deployment: TestDeployment,
  tally: Tally,
): EnclaveClient {
  const credentials = deployment.credentialsOf(deployment.principals.instance);
  const ask = async (path: string, body: Uint8Array): Promise<Uint8Array> => {
    tally.add('enclave', 'calls');
    const reply = await on('enclave', () => program.handle(call('POST', path, body)));
    if (reply.kind === 'bytes') return reply.body;
    return encodeErrorAnswer(reply.kind === 'refusal' ? reply.code : ('internal' satisfies Refusal));
  };
  return {
    decrypt: (envelope) => ask('/v1/decrypt', encodeParentRequest({ credentials, envelope })),
    attestation: (nonce) => ask('/v1/attestation', nonce),
  };
}
