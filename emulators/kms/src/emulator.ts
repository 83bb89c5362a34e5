// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { KmsEmulatorConfig, ListenerConfig } from './config.ts';
import { type Dispatcher, dispatch, type LogLine } from './dispatch.ts';
import { EventFile } from './event-file.ts';
import type { CloudTrailEvent } from './events.ts';
import { createKmsServer } from './http.ts';
import { RecipientVerifier } from './recipient.ts';
import type { Service } from './service.ts';
import { SignatureVerifier } from './sigv4.ts';
import { withoutExpiredKeys } from './state/changes.ts';
import { StateStore } from './state/store.ts';
import { Throttle } from './throttle.ts';
import { createAuthority, issueServerCertificate } from './tls.ts';

/** What a program that embeds the emulator may hear and set. */
export interface Hooks {
  /** Lines for a log: refusals with their reasons, faults. */
  readonly log?: (line: LogLine) => void;
  /** CloudTrail's record of each authenticated call. */
  readonly onEvent?: (event: CloudTrailEvent) => void;
  /** ms since the epoch. */
  readonly clock?: () => number;
}

export interface Endpoint {
  readonly port: number;
  readonly url: string;
}

export interface KmsEmulator {
  /** In the order of config.listeners. */
  readonly endpoints: readonly Endpoint[];
  /** Certificate of the local authority, PEM: what clients trust. */
  readonly ca: string;
  /** Finishes what is in flight, for 4 s at most, and lets go of ports and files. */
  readonly close: () => Promise<void>;
}

const CLOSE_MS = 4000;
/** How often keys whose waiting period is over are removed for good. */
const PURGE_MS = 3_600_000;

/**
 * Starts the emulator: opens or makes its state, and listens.
 * @param config as {@link parseConfig} returns it
 * @throws {StartError} about the state file; whatever listen() throws
 */
export async function startKmsEmulator(config: KmsEmulatorConfig, hooks: Hooks = {}): Promise<KmsEmulator> {
  const { log = () => undefined, clock = Date.now } = hooks;
  const store = await openStore(config, clock);
  const eventFile = typeof config.eventLog === 'string' ? await EventFile.open(config.eventLog) : null;
  const service: Service = {
    config,
    partition: config.partition ?? 'aws',
    store,
    recipients: new RecipientVerifier(config.attestationRoots),
    existingPrincipals: new Set([
      ...config.principals.map(({ arn }) => arn),
      ...(config.otherPrincipals ?? []),
    ]),
    clock,
  };
  const dispatcher: Dispatcher = {
    service,
    verifier: new SignatureVerifier(config.principals, config.region),
    throttle: new Throttle(config.quotas),
    record: (event) => {
      eventFile?.append(event);
      hooks.onEvent?.(event);
    },
    log,
  };
  const { authority } = store.current;
  const credentials = issueServerCertificate(authority, config, clock());
  const servers = config.listeners.map(({ network }) =>
    createKmsServer({
      ...credentials,
      network,
      latencyMs: config.latencyMs ?? 0,
      clock,
      handle: (call) => dispatch(dispatcher, call),
    }),
  );
  const purging = setInterval(() => {
    // Failed once, it is tried again; nobody can use the keys meanwhile.
    purge(store, clock()).catch(() => log({ level: 'error', event: 'kms_purge_failed' }));
  }, PURGE_MS);
  purging.unref();
  const close = async (): Promise<void> => {
    clearInterval(purging);
    await Promise.all(servers.map(closeServer));
    await store.idle();
    await eventFile?.close();
  };
  try {
    const endpoints: Endpoint[] = [];
    for (const [index, server] of servers.entries()) {
      endpoints.push(await listen(server, config.listeners[index] as ListenerConfig));
    }
    return { endpoints, ca: authority.certificate, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openStore(config: KmsEmulatorConfig, clock: () => number): Promise<StateStore> {
  const { region, account, stateFile, passphrase } = config;
  const store = await StateStore.open({ path: stateFile, passphrase }, config, () => ({
    region,
    account,
    authority: createAuthority(config, clock()),
    keys: new Map(),
    aliases: new Map(),
  }));
  await purge(store, clock());
  return store;
}

async function purge(store: StateStore, now: number): Promise<void> {
  if (withoutExpiredKeys(store.current, now) === store.current) return;
  await store.update((state) => [withoutExpiredKeys(state, now), undefined]);
}

async function listen(server: Server, { host, port }: ListenerConfig): Promise<Endpoint> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return { port: address.port, url: `https://${name}:${address.port}` };
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const timer = new AbortController();
  await Promise.race([closed, delay(CLOSE_MS, undefined, { signal: timer.signal, ref: false })]);
  timer.abort();
  server.closeAllConnections();
  await closed;
}
