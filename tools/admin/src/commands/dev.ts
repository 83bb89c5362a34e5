// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CanaryKeeper } from '../canary/keeper.ts';
import { banner } from '../dev/banner.ts';
import { openControl } from '../dev/control.ts';
import { DryRuns } from '../dev/dry-runs.ts';
import { type Folders, files, makeFolders } from '../dev/folders.ts';
import { takeOver } from '../dev/left-behind.ts';
import { lockData } from '../dev/lock.ts';
import { log } from '../dev/log.ts';
import { type DevOptions, parseDevOptions } from '../dev/options.ts';
import type { OnLog } from '../dev/processes.ts';
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
      const removed = takeOver(folders.run, lock.file);
      if (removed.length > 0) log('info', 'left_behind_removed', { folders: removed });
      return await runVault(options, root, folders, began);
    } finally {
      lock.release();
    }
  } finally {
    folders.remove();
  }
}

async function runVault(options: DevOptions, root: string, folders: Folders, began: number): Promise<number> {
  const dryRuns = new DryRuns();
  const shown: OnLog = (line, of) =>
    // What a canary says is told by its keeper, once for all that are alike.
    (keeper?.hear(of, line) === true || dryRuns.hear(of, line) ? false : !QUIET.has(String(line.level))) ||
    options.verbose;
  const vault = new LocalVault(options, root, folders, shown);
  const { intervalSeconds, webhook } = options.canary;
  const keeper =
    intervalSeconds === 0
      ? undefined
      : new CanaryKeeper({
          intervalSeconds,
          webhook,
          figures: vault.figures,
          restart: () => vault.killCanary(),
        });
  let canary: Readonly<Record<string, unknown>> | undefined;
  const stopped = stopSignal();
  let stopping = false;
  void stopped.then(() => {
    stopping = true;
  });
  refuseDebugger();
  try {
    await keeper?.listen();
    const starting = vault.start();
    starting.catch(() => undefined);
    const facts = await Promise.race([starting, stopped]);
    if (typeof facts === 'string') return 0;
    const { data } = folders;
    const running = { url: facts.url, pid: process.pid, control: join(folders.run, 'control.sock') };
    const control = await openControl(running, files(data).running, {
      '/session': () => vault.session(),
      '/examined': () => vault.examined(),
      '/canary': () => ({
        state: keeper === undefined ? 'off' : canary === undefined ? 'starting' : 'there',
        settings: canary,
        instance: vault.principals.instance,
      }),
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
    keeper?.begin();
    if (keeper !== undefined)
      startCanary(vault, facts.url, options, files(data).canary).then(
        (settings) => {
          canary = settings;
        },
        (error: unknown) => {
          // Its keeper misses it, and says so again and again.
          if (!stopping)
            log('error', 'canary_not_started', {
              code: error instanceof Error && 'code' in error ? error.code : 'internal',
            });
        },
      );
    log('info', 'stopping', { signal: await stopped });
    await control.close();
    return 0;
  } finally {
    // Not taken back when all has stopped: whatever is forgotten then must not keep this process.
    setTimeout(() => process.exit(1), STOP_MS).unref();
    await keeper?.close();
    await vault.stop();
  }
}

async function startCanary(
  vault: LocalVault,
  url: string,
  { canary: { intervalSeconds }, tls }: DevOptions,
  file: string,
): Promise<Readonly<Record<string, unknown>>> {
  // Loaded when it is needed: nobody should wait for it to be ready.
  const { canarySettings } = await import('../canary/start.ts');
  const certificate = tls === undefined ? undefined : readFileSync(tls.cert, 'utf8');
  const settings = await canarySettings(vault, url, { file, certificate, intervalSeconds });
  await vault.startCanary(settings);
  return settings;
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
