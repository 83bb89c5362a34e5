// SPDX-License-Identifier: Apache-2.0
import { Worker } from 'node:worker_threads';

/** Enough for 100 fields of 64 KiB and results of the size that expressions may have; beyond it the thread is ended. */
const RESOURCES = {
  maxOldGenerationSizeMb: 96,
  maxYoungGenerationSizeMb: 16,
  codeRangeSizeMb: 16,
  stackSizeMb: 4,
};

/**
 * A thread for expressions: the same bundle, no environment, no arguments, no stdio of the process.
 *
 * Under Node's permission model a worker started with flags of its own has those instead of the process's, none included: so they
 * are spelled out, and are less. It may read its own file and the working directory (Node adds that by itself; it holds
 * two sockets), and it may not start threads, which could otherwise be started without the model.
 * @param bundle absolute path of the program's file
 */
export function createExpressionWorker(bundle: string): Worker {
  return new Worker(bundle, {
    name: 'expressions',
    argv: [],
    env: {},
    execArgv: [
      '--permission',
      `--allow-fs-read=${bundle}`,
      '--no-addons',
      '--no-experimental-sqlite',
      '--frozen-intrinsics',
      '--disable-warning=ExperimentalWarning',
    ],
    stdin: false,
    stdout: true,
    stderr: true,
    resourceLimits: RESOURCES,
  });
}
