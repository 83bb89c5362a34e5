// SPDX-License-Identifier: Apache-2.0
import { Agent } from 'node:https';
import { KMSClient } from '@aws-sdk/client-kms';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Caller, Endpoint } from './subject.ts';

const CONNECT_MS = 2_000;
const REQUEST_MS = 3_500;

type Service = 'kms' | 'sts' | 'dynamodb' | 'logs';

/** What every client of the SDK is made of here. */
export interface ClientSettings {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  readonly maxAttempts: number;
  readonly requestHandler: NodeHttpHandler;
}

/** The SDK's clients, one for each service and caller; each call ends within seconds. */
export class Clients {
  readonly #region: string;
  readonly #endpoints: { readonly [S in Service]?: Endpoint | undefined };
  readonly #clients = new Map<string, { destroy(): void }>();

  constructor(region: string, endpoints: { readonly [S in Service]?: Endpoint | undefined }) {
    this.#region = region;
    this.#endpoints = endpoints;
  }

  kms(caller: Caller): KMSClient {
    return this.get('kms', caller, (settings) => new KMSClient(settings));
  }

  /** A client of another service; made once. */
  get<C extends { destroy(): void }>(
    service: Service,
    caller: Caller,
    make: (settings: ClientSettings) => C,
  ): C {
    const name = `${service} ${caller.name}`;
    const kept = this.#clients.get(name);
    // Each service is asked for with one constructor.
    if (kept !== undefined) return kept as C;
    const made = make(this.#settings(service, caller));
    this.#clients.set(name, made);
    return made;
  }

  close(): void {
    for (const client of this.#clients.values()) client.destroy();
  }

  #settings(service: Service, { credentials }: Caller): ClientSettings {
    const { url, ca } = this.#endpoints[service] ?? {};
    return {
      region: this.#region,
      ...(url === undefined ? {} : { endpoint: url, useFipsEndpoint: false, useDualstackEndpoint: false }),
      // A copy: the SDK adds a member of its own.
      ...(credentials === undefined ? {} : { credentials: { ...credentials } }),
      maxAttempts: 2,
      requestHandler: new NodeHttpHandler({
        httpsAgent: new Agent({
          keepAlive: true,
          minVersion: 'TLSv1.2',
          ...(ca === undefined ? {} : { ca }),
        }),
        connectionTimeout: CONNECT_MS,
        requestTimeout: REQUEST_MS,
        throwOnRequestTimeout: true,
      }),
    };
  }
}
