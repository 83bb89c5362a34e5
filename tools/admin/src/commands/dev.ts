// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { banner } from '../dev/banner.ts';
import { openControl } from '../dev/control.ts';
import { type Folders, files, makeFolders } from '../dev/folders.ts';
import { lockData } from '../dev/lock.ts';
import { log } from '../dev/log.ts';
import { type DevOptions, parseDevOptions } from '../dev/options.ts';
import { LocalVault } from '../dev/vault.ts';
import { AdminError } from '../errors.ts';

/** Everything ends within this time of a signal, ready or not. */
const STOP_MS = 5_000;
const QUIET = new Set(['debug', 'info', 'trace']);

/** `enclave-vault dev`: runs until it is told to stop. Returns the exit code. */
export async function dev(args: readonly string[], root: string): Promise<number> {
  const began = performance.now();
  const options = parseDevOptions(args, process.env, root);
  if (!existsSync(join(options.image, 'enclave.mjs')))
    throw new AdminError(
      'image_missing',
      `there is no enclave image in ${options.image}: npm run build makes one`,
    );
  const folders = makeFolders(options);
  try {
    const lock = lockData(folders.data);
    try {
      return await runVault(options, root, folders, began);
    } finally {
      lock.release();
    }
  } finally {
    folders.remove();
  }
}

async function runVault(options: DevOptions, root: string, folders: Folders, began: number): Promise<number> {
  const shown = (line: Record<string, unknown>) => options.verbose || !QUIET.has(String(line.level));
  const vault = new LocalVault(options, root, folders, shown);
  const stopped = stopSignal();
  refuseDebugger();
  try {
    const starting = vault.start();
    starting.catch(() => undefined);
    const facts = await Promise.race([starting, stopped]);
    if (typeof facts === 'string') return 0;
    const { data } = folders;
    const running = { url: facts.url, pid: process.pid, control: join(folders.run, 'control.sock') };
    const control = await openControl(running, files(data).running, {
      '/session': () => vault.session(),
      '/examined': () => vault.examined(),
      '/pids': () => ({ dev: process.pid, ...vault.pids() }),
    });
    process.stdout.write(
      banner({
        ...facts,
        keyFile: files(data).adminKey,
        ephemeral: options.data === undefined,
        dataDir: data,
        millis: performance.now() - began,
        plainBeyondLoopback: options.unsafePlainHttp && options.tls === undefined,
      }),
    );
    log('info', 'ready', { url: facts.url });
    log('info', 'stopping', { signal: await stopped });
    await control.close();
    return 0;
  } finally {
    const late = setTimeout(() => process.exit(1), STOP_MS).unref();
    await vault.stop();
    clearTimeout(late);
  }
}

/** This process was started by a shell, without the flag that the others have: a listener of ours takes the place of Node's, which opens a debugger. */
function refuseDebugger(): void {
  process.on('SIGUSR1', () => log('warn', 'debugger_refused'));
}

/** Resolves with the first signal; a second one ends the process where it stands. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      process.on(signal, () => {
        if (asked) process.exit(1);
        asked = true;
        resolve(signal);
      });
  });
}
