// SPDX-License-Identifier: Apache-2.0
import { startCanary } from './canary.ts';
import { openServerPlace } from './channel.ts';
import type { ParentConfig } from './config.ts';
import { ImdsClient } from './credentials/imds-client.ts';
import { ImdsCredentials } from './credentials/imds-credentials.ts';
import { type CredentialSource, StaticCredentials } from './credentials/source.ts';
import type { Timings } from './enclave.ts';
import { ParentError } from './errors.ts';
import { Figures, sayFigures } from './figures.ts';
import { Fleet } from './fleet.ts';
import { HealthServer } from './health-server.ts';
import { EmulatedHypervisor } from './hypervisor/emulated.ts';
import type { Hypervisor } from './hypervisor/hypervisor.ts';
import { NitroCli } from './hypervisor/nitro-cli.ts';
import type { Log } from './log.ts';
import { LocalPlaces } from './place/local.ts';
import { NitroPlaces } from './place/nitro.ts';
import type { Places } from './place/place.ts';
import type { Service } from './process.ts';
import { ParentServer } from './server.ts';

/** A virtual machine starts and ends more slowly than a process. */
const NITRO_TIMINGS: Partial<Timings> = { bootMs: 30_000, backoffBaseMs: 1_000, endMs: 5_000 };
/** For what is left when requests and enclaves have ended, in milliseconds. */
const REST_MS = 2_000;

/** Starts all parts of the parent. Resolves when it listens; `/health` says when the first enclave serves. */
export async function startParent(config: ParentConfig, log: Log): Promise<Service> {
  const { settings, listen, configuration, enclave } = config;
  const { enclaves, image, drainSeconds, figuresSeconds } = settings;
  const nitro = settings.hypervisor.kind === 'nitro';
  const places = await openPlaces(config, log);
  const credentials = openCredentials(config, log);
  const fleet = new Fleet({
    enclaves: enclaves.count,
    image,
    cpuCount: enclaves.cpuCount,
    memoryMib: enclaves.memoryMib,
    configuration,
    room: enclave.limits.running + enclave.limits.waiting,
    hypervisor: openHypervisor(config, log),
    places,
    log,
    ...(nitro ? { timings: NITRO_TIMINGS } : {}),
  });
  const figures = new Figures();
  const server = new ParentServer({ fleet, credentials, log, figures });
  const health = new HealthServer(() => server.serving);
  // Before the enclaves: a parent that nobody may call need not start any.
  const opened = await openServerPlace(config, credentials, log);
  fleet.start();
  const port = await server.listen(opened.place);
  const healthPort = settings.health && (await health.listen(settings.health.host, settings.health.port));
  // As `systemctl reload` sends it: the image's file has changed.
  process.on('SIGHUP', () => void fleet.roll());
  const { canary } = settings;
  const quiet =
    canary.seconds &&
    startCanary({ ...config, credentials, log, seconds: canary.seconds, legacyKeys: canary.legacyKeys });
  const silence = figuresSeconds && sayFigures(figures, fleet, log, figuresSeconds);
  const drainMs = drainSeconds * 1000;
  return {
    // Ready to be asked; /health says when the first enclave is.
    ready: {
      ...('unix' in listen ? { socket: listen.unix } : { port }),
      ...(healthPort === undefined ? {} : { healthPort }),
    },
    stop: async () => {
      if (silence) silence();
      if (quiet) quiet();
      await server.drain(drainMs);
      await fleet.close();
      await health.close();
      opened.close();
      credentials.close();
    },
    ...(nitro ? { stopMs: drainMs + (NITRO_TIMINGS.endMs ?? 0) + REST_MS } : {}),
  };
}

function openHypervisor({ settings }: ParentConfig, log: Log): Hypervisor {
  const { kind, command, socket = '' } = settings.hypervisor;
  return kind === 'nitro' ? new NitroCli({ command, log }) : new EmulatedHypervisor(socket);
}

async function openPlaces({ settings, kms: target }: ParentConfig, log: Log): Promise<Places> {
  if (settings.hypervisor.kind === 'emulated') return new LocalPlaces({ target, log });
  // Native code, and nobody's business where there is no vsock.
  const { vsock } = await import('./place/vsock.ts');
  try {
    return await NitroPlaces.open({ transport: vsock, target, log });
  } catch (error) {
    // The process ends with the error, and says no more of it than its code.
    if (error instanceof ParentError) log('error', error.code, { cause: error.message });
    throw error;
  }
}

function openCredentials({ settings, credentials }: ParentConfig, log: Log): CredentialSource {
  if (credentials !== null) return new StaticCredentials(credentials);
  const { endpoint, role } = settings.credentials;
  return new ImdsCredentials({
    client: new ImdsClient({ endpoint }),
    log,
    ...(role === undefined ? {} : { role }),
  });
}
