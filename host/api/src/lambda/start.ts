// SPDX-License-Identifier: Apache-2.0
import type { Log } from '@enclave-vault/parent/log';
import { describeError } from '@enclave-vault/parent/process';
import { CONFIG_VARIABLE, readConfigFile } from '@enclave-vault/settings';
import { createApp } from '../app.ts';
import { ApiError } from '../errors.ts';
import { type Adapters, type Assembly, assemble } from '../process/assemble.ts';
import { type ApiConfig, readApiConfig } from '../process/config.ts';
import { invocations } from './context.ts';
import type { EventOptions } from './event.ts';
import { createHandler, createRefusingHandler, type FunctionObservers, type Handler } from './handler.ts';
import { createFunctionLog } from './log.ts';
import { createFunctionMeter } from './meter.ts';

export interface FunctionOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** @throws {ConfigError} for what this program has no adapter of */
  readonly adapters: (config: ApiConfig, log: Log) => Adapters;
  /** Of Lambda's 10 s for initialisation: so long the vault may take to open. Milliseconds. */
  readonly initMs?: number;
  /** How long the process has run when the start begins, in milliseconds: loading it is a part of those 10 s. Default: as its clock says. */
  readonly ranMs?: number;
}

export interface StartedFunction {
  readonly handler: Handler;
  close(): Promise<void>;
}

const INIT_MS = 8_000;
/** However long the loading took: a vault that opens at once is not told of as one that does not. */
const LEAST_INIT_MS = 250;
/** What cannot be mended by waiting is looked at again so often, in milliseconds: somebody may mend it. */
const REFUSED_MS = 30_000;

/**
 * Starts the function, outside of any invocation. It never throws: a function that dies in its initialisation answers
 * 502 without a word, and Lambda starts it over and over. A vault that cannot open yet is tried again.
 */
export async function startFunction(options: FunctionOptions): Promise<StartedFunction> {
  const began = performance.now();
  const { initMs = Math.max(LEAST_INIT_MS, INIT_MS - (options.ranMs ?? began)) } = options;
  const functionLog = createFunctionLog();
  const { log } = functionLog;
  const silent: FunctionObservers = {
    ...functionLog,
    meter: createFunctionMeter('EnclaveVault'),
    trace: () => () => {},
  };
  try {
    const config = readConfig(options.env);
    const observers: FunctionObservers = {
      ...functionLog,
      meter: createFunctionMeter(config.metricsNamespace),
      trace: await tracing(config),
    };
    const assembly = assemble(config, options.adapters(config, log), log);
    const vault = new FunctionVault(assembly, log);
    const app = await createApp({
      schema: assembly.schema,
      health: assembly.health,
      recordKeys: assembly.recordKeys,
      vault: () => vault.vault,
      log,
      oidc: config.oidc,
      rates: config.rates,
      allowedHosts: 'any',
      ingress: () => invocations.getStore(),
      meter: observers.meter,
      ui: false,
      streams: false,
    });
    await Promise.all([app.ready(), vault.ready(initMs)]);
    log('info', 'started', { ms: Math.round(performance.now() - began), vault: vault.state });
    const parts = {
      app,
      ready: (ms: number) => vault.ready(ms),
      authorizers: config.authorizers,
      ...events(config),
    };
    return { handler: createHandler(parts, observers), close: () => assembly.close() };
  } catch (error) {
    logRefusal(log, error);
    const handler = createRefusingHandler({ basePath: '', stages: null }, silent);
    return { handler, close: async () => undefined };
  }
}

/** The vault of a function: opens as the server's does, but nothing ends the process. */
class FunctionVault {
  readonly #assembly: Assembly;
  readonly #log: Log;
  #refusedAt: number | null = null;

  constructor(assembly: Assembly, log: Log) {
    this.#assembly = assembly;
    this.#log = log;
    this.#open();
  }

  /** @throws {ApiError} `starting`, `misconfigured` */
  get vault() {
    if (this.#refusedAt !== null) throw new ApiError('misconfigured', { retryAfter: REFUSED_MS / 1000 });
    return this.#assembly.vault();
  }

  get state(): string {
    if (this.#refusedAt !== null) return 'misconfigured';
    const { isOpen, waitingFor } = this.#assembly.opening;
    return isOpen ? 'open' : waitingFor;
  }

  /** Waits for it to open, or for a try to end; begins to try again where it was given up some time ago. */
  async ready(ms: number): Promise<void> {
    if (this.#refusedAt !== null) {
      if (performance.now() - this.#refusedAt < REFUSED_MS) return;
      this.#refusedAt = null;
      this.#open();
    }
    await this.#assembly.opening.settle(ms);
  }

  #open(): void {
    this.#assembly.opening
      .open(() => undefined)
      .catch((error: unknown) => {
        this.#refusedAt = performance.now();
        logRefusal(this.#log, error);
      });
  }
}

function readConfig(env: FunctionOptions['env']): ApiConfig {
  const path = env[CONFIG_VARIABLE];
  return readApiConfig({ env, ...(path === undefined ? {} : { file: readConfigFile(path) }) });
}

function events({ gateway: { basePath = '', stages } }: ApiConfig): EventOptions {
  return { basePath, stages: stages === undefined ? null : new Set(stages) };
}

/** The SDK of X-Ray is loaded for those who want it. */
async function tracing({ tracing: wanted }: ApiConfig): Promise<FunctionObservers['trace']> {
  if (!wanted) return () => () => undefined;
  const { createFunctionTracer } = await import('./tracer.ts');
  return createFunctionTracer();
}

/** A message of ours names what is wrong and quotes nothing; of other errors only kind and place are told. */
function logRefusal(log: Log, error: unknown): void {
  const said = describeError(error);
  if (said.code !== 'config_invalid') {
    log('error', 'not_started', { ...said });
    return;
  }
  const problems = error instanceof Error && 'problems' in error ? { problems: error.problems } : {};
  log('error', 'not_started', {
    code: said.code,
    message: error instanceof Error ? error.message : '',
    ...problems,
  });
}
