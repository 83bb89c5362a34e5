// SPDX-License-Identifier: Apache-2.0
import type { AddressInfo } from 'node:net';
import type { Log } from '@enclave-vault/parent/log';
import type { FastifyInstance } from 'fastify';
import { createApp } from '../app.ts';
import { ConfigError } from '../errors.ts';
import { serverAdapters } from './adapters.ts';
import { assemble } from './assemble.ts';
import type { ApiConfig } from './config.ts';
import { figuresAt } from './figures.ts';
import { Peers } from './peers.ts';

/** Requests under way are given so long when the process ends, in milliseconds. */
const DRAIN_MS = 3_500;

/** A running API server. */
export interface ApiServer {
  readonly url: string;
  readonly port: number;
  readonly isOpen: boolean;
  stop(): Promise<void>;
}

/**
 * Wires the vault to its store, KMS, sink and enclaves as it is configured, and listens. Returns when it listens and the vault is open,
 * or could not be opened at the first try.
 * @param onFatal called when the vault can never open
 * @throws {ConfigError}
 */
export async function serve(
  config: ApiConfig,
  log: Log,
  onFatal: (error: unknown) => void,
): Promise<ApiServer> {
  const { opening, close, ...vault } = assemble(config, serverAdapters(config, log), log);
  const { member, folder, size = 1 } = config.cluster;
  const peers = member === undefined || folder === undefined ? undefined : new Peers(folder, member);
  const { key, cert } = config.tls;
  const tls = key === undefined || cert === undefined ? undefined : { key, cert };
  const app = await createApp({
    ...vault,
    log,
    oidc: config.oidc,
    allowedHosts: config.allowedHosts,
    rates: config.rates,
    processes: size,
    ...(config.figures === undefined ? {} : { figures: figuresAt(config.figures) }),
    ...(tls === undefined ? {} : { tls }),
    ...(peers === undefined ? {} : { peers }),
  });
  // The vault opens while the server begins to listen.
  const tried = new Promise<void>((resolve) => opening.open(resolve).catch(onFatal));
  const port = await listen(app, config, peers);
  await tried;
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}:${port}`,
    port,
    isOpen: opening.isOpen,
    stop: async () => {
      opening.stop();
      await drain(app);
      peers?.close();
      await close();
    },
  };
}

/** With peers, at a port that several processes listen at: the kernel gives each new connection to one of them. */
async function listen(
  app: FastifyInstance,
  { host, port }: ApiConfig,
  peers: Peers | undefined,
): Promise<number> {
  await peers?.join();
  await peers?.demandPort(host, port);
  try {
    // The framework hands on to Node what its types do not name.
    const place = { host, port, ...(peers !== undefined && { reusePort: true }) };
    await app.listen(place);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE') throw new ConfigError('port is in use');
    if (code === 'ENOTSUP') throw new ConfigError('cluster is for systems with SO_REUSEPORT, such as Linux');
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL')
      throw new ConfigError('host and port cannot be listened at');
    throw error;
  }
  return (app.server.address() as AddressInfo).port;
}

/** Takes no more connections and waits until requests under way are answered, at most 3.5 s. */
async function drain(app: FastifyInstance): Promise<void> {
  // A connection becomes idle when its answer is out; nobody may start a new request on it.
  const idle = setInterval(() => app.server.closeIdleConnections(), 20);
  const late = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
  await app.close();
  clearInterval(idle);
  clearTimeout(late);
}
