// SPDX-License-Identifier: Apache-2.0
import { type ExecFileException, execFile } from 'node:child_process';
import { ParentError } from '../errors.ts';
import type { Log } from '../log.ts';
import { readCliFailure } from './cli-errors.ts';
import { object, parseAnswer, readDescriptions, text } from './description.ts';
import type { EnclaveDescription, Hypervisor, RunEnclave } from './hypervisor.ts';

export interface NitroCliOptions {
  /** Path of the program. Default /usr/bin/nitro-cli. */
  command?: string;
  log: Log;
  /** For a launch, which copies the image into the enclave's memory, in milliseconds. Default 120 s. */
  runMs?: number;
  /** For everything else, in milliseconds. Default 10 s. */
  callMs?: number;
}

const MAX_OUTPUT = 1024 * 1024;

interface Call {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Whether a failure is none after all. */
  readonly forgive?: () => Promise<boolean>;
}

interface Output {
  readonly error: ExecFileException | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The Nitro hypervisor through AWS's command line tool. It is run without a shell, never with --debug-mode, one launch at a time: of two at
 * once one fails with E36 (aws-nitro-enclaves-cli, issue 516). Standard output is JSON; what went wrong is on standard error.
 */
export class NitroCli implements Hypervisor {
  readonly #options: NitroCliOptions;
  /** Aborted when this object is closed: no tool outlives the parent. */
  readonly #closing = new AbortController();
  readonly #callMs: number;
  #launches: Promise<unknown> = Promise.resolve();

  constructor(options: NitroCliOptions) {
    this.#options = options;
    this.#callMs = options.callMs ?? 10_000;
  }

  async run(run: RunEnclave, signal?: AbortSignal): Promise<EnclaveDescription> {
    const { image, name, cpuCount, memoryMib } = run;
    const args = ['--eif-path', image, '--cpu-count', `${cpuCount}`, '--memory', `${memoryMib}`];
    const timeoutMs = this.#options.runMs ?? 120_000;
    const launched = this.#launches.then(() =>
      this.#call('run-enclave', [...args, '--enclave-name', name], { timeoutMs, signal }),
    );
    this.#launches = launched.catch(() => undefined);
    const id = text(object(await launched), 'EnclaveID');
    // The launch says neither flags nor state.
    const described = (await this.describe()).find(({ EnclaveID }) => EnclaveID === id);
    if (described === undefined) throw new ParentError('boot_failed', 'gone after its launch');
    return described;
  }

  async describe(timeoutMs = this.#callMs): Promise<EnclaveDescription[]> {
    return readDescriptions(await this.#call('describe-enclaves', [], { timeoutMs }));
  }

  async terminate(enclaveId: string, timeoutMs = this.#callMs): Promise<void> {
    const until = Date.now() + timeoutMs;
    // Nothing is said of an enclave that died by itself: there is nothing left to end, and no reason to look into it.
    const gone = async () => {
      const left = await this.describe(Math.max(1, until - Date.now()));
      return left.every(({ EnclaveID }) => EnclaveID !== enclaveId);
    };
    const args = ['--enclave-id', enclaveId];
    const answer = await this.#call('terminate-enclave', args, { timeoutMs, forgive: gone });
    if (answer !== null && object(answer).Terminated !== true) {
      throw new ParentError('hypervisor_refused', 'Terminated');
    }
  }

  close(): void {
    this.#closing.abort();
  }

  async #call(
    command: string,
    args: readonly string[],
    { timeoutMs, signal, forgive }: Call,
  ): Promise<unknown> {
    const { error, stdout, stderr } = await this.#execute([command, ...args], timeoutMs, signal);
    if (error === null) return parseAnswer(stdout);
    if (signal?.aborted || this.#closing.signal.aborted) throw new ParentError('timeout', 'aborted');
    if (forgive !== undefined && (await forgive().catch(() => false))) return null;
    throw this.#explain(command, error, stderr);
  }

  #execute(args: readonly string[], timeout: number, signal: AbortSignal | undefined): Promise<Output> {
    const { command = '/usr/bin/nitro-cli' } = this.#options;
    const closing = this.#closing.signal;
    const options = {
      timeout,
      maxBuffer: MAX_OUTPUT,
      killSignal: 'SIGKILL' as const,
      signal: signal === undefined ? closing : AbortSignal.any([signal, closing]),
      env: environment(),
    };
    return new Promise((resolve) => {
      execFile(command, args, options, (error, stdout, stderr) => resolve({ error, stdout, stderr }));
    });
  }

  #explain(command: string, error: ExecFileException, stderr: string): ParentError {
    const { log } = this.#options;
    if (error.code === 'ENOENT' || error.code === 'EACCES') {
      const hint = 'install aws-nitro-enclaves-cli; the user of the parent must be able to run it';
      log('error', 'nitro_cli_failed', { command, code: 'hypervisor_missing', cause: error.code, hint });
      return new ParentError('hypervisor_missing');
    }
    if (error.killed === true) {
      const code = error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' ? 'hypervisor_refused' : 'timeout';
      log('error', 'nitro_cli_failed', { command, code, cause: 'killed' });
      return new ParentError(code);
    }
    const { code, hint, cliCode, errorLog, file, neededMib } = readCliFailure(stderr);
    log('error', 'nitro_cli_failed', {
      command,
      code,
      cli_code: cliCode,
      exit_code: typeof error.code === 'number' ? error.code : null,
      hint,
      ...(file === null ? {} : { file }),
      ...(neededMib === null ? {} : { needed_mib: neededMib }),
      ...(errorLog === null ? {} : { error_log: errorLog }),
    });
    return new ParentError(code, cliCode ?? 'no code');
  }
}

/** Nothing of the parent's own environment, which may hold settings, but what moves nitro-cli's folders. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => name.startsWith('NITRO_CLI_'));
  return { PATH: process.env.PATH, LANG: 'C.UTF-8', ...Object.fromEntries(own) };
}
