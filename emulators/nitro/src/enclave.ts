// SPDX-License-Identifier: Apache-2.0
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NitroError } from './errors.ts';
import type { Log } from './log.ts';
import type { EnclaveImage } from './measure/image.ts';
import { inDebugMode, measuredRegisters, type Surroundings } from './measure/measurements.ts';
import type { Runtime } from './measure/runtime.ts';
import { serveFrames } from './nsm/frames.ts';
import { type Attest, SecureModule } from './nsm/module.ts';
import { Registers } from './nsm/registers.ts';
import { NsmError } from './nsm/requests.ts';
import { type Launched, launch } from './sandbox/launch.ts';
import { observeIsolation } from './sandbox/observe.ts';
import type { Abilities } from './sandbox/probe.ts';
import type { Tools } from './sandbox/tools.ts';

export interface EnclaveOptions {
  moduleId: string;
  /** Created here, and gone with the enclave. */
  folder: string;
  image: EnclaveImage;
  runtime: Runtime;
  tools: Tools;
  abilities: Abilities;
  surroundings: Surroundings;
  debug: boolean;
  attest: Attest;
  /** Names that `isolation` must have, or there is no enclave. */
  requireIsolation: readonly string[];
  log: Log;
}

/** A launched program and its NSM. */
export interface RunningEnclave {
  /** The program's process id on this machine. */
  pid: number;
  sockets: string;
  /** Registers 0-4 and 8 of what was loaded, debug mode or not. */
  measured: ReadonlyMap<number, Buffer>;
  isolation: readonly string[];
  /** Resolves when the program has ended and its folder is gone. */
  ended: Promise<void>;
  /** Ends it as one ends a virtual machine. Resolves with `ended`. */
  terminate(): Promise<void>;
}

/**
 * Launches an enclave. Its NSM answers with registers computed from the bytes that were loaded, and only once they are known: until then
 * requests wait in the descriptor.
 *
 * @throws NitroError `spawn_failed`, `boot_failed`, `image_changed`, `isolation_not_reached`
 */
export async function startEnclave(options: EnclaveOptions): Promise<RunningEnclave> {
  const { folder, moduleId, log, requireIsolation, debug, surroundings, attest } = options;
  const folders = { sockets: join(folder, 's'), work: join(folder, 'w') };
  const remove = async () => rm(folder, { recursive: true, force: true });
  await remove();
  await mkdir(folders.sockets, { recursive: true, mode: 0o700 });
  let launched: Launched | undefined;
  try {
    launched = await launch({
      ...options,
      folders,
      onConsole: (stream, text) => log('info', 'console', { enclave: moduleId, stream, text }),
      onFallback: (way, reason) => log('warn', 'isolation_fallback', { enclave: moduleId, way, reason }),
    });
    const isolation = observeIsolation(launched.pid);
    const missing = requireIsolation.filter((name) => !isolation.includes(name));
    if (missing.length > 0)
      throw new NitroError('isolation_not_reached', `not reached: ${missing.join(', ')}`);
    return serve(launched, isolation);
  } catch (error) {
    await launched?.launcher.kill(launched.pid);
    await remove();
    throw error;
  }

  function serve({ launcher, pid, digests, untouched }: Launched, isolation: string[]): RunningEnclave {
    const measured = measuredRegisters(digests, surroundings);
    const registers = new Registers(debug ? inDebugMode(measured) : measured);
    const terminate = async () => {
      await launcher.kill(pid);
      await ended;
    };
    const nsm = new SecureModule({
      moduleId,
      registers,
      attest: async (pcrs, fields) => {
        if (untouched()) return attest(pcrs, fields);
        // Someone was at the program's file between its measurement and now: what runs may be another one.
        log('error', 'bundle_touched', { enclave: moduleId });
        void terminate();
        throw new NsmError('InternalError');
      },
    });
    const ended = launcher.exited.then(remove);
    void serveFrames(launcher.nsm, async (request) => nsm.handle(request)).then((end) => {
      if (end !== 'abused') return;
      log('error', 'nsm_abused', { enclave: moduleId });
      void terminate();
    });
    return { pid, sockets: folders.sockets, measured, isolation, ended, terminate };
  }
}
