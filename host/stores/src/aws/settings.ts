// SPDX-License-Identifier: Apache-2.0
import { Agent as HttpAgent } from 'node:http';
import { Agent } from 'node:https';
import { NodeHttpHandler } from '@smithy/node-http-handler';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Where a service of AWS is, and who asks. */
export interface AwsPlace {
  readonly region: string;
  /** URL; the Region's own endpoint by default. */
  readonly endpoint?: string;
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string;
  /** The SDK's default chain (environment, role of the function or instance, …) when absent. */
  readonly credentials?: AwsCredentials;
  /** For a whole call with all its attempts, ms. */
  readonly timeoutMs?: number;
}

const CONNECT_MS = 1_000;
const SOCKETS = 64;

/**
 * Settings that clients of all services share.
 * @param attemptMs for one attempt
 */
export function clientSettings({ region, endpoint, ca, credentials }: AwsPlace, attemptMs: number) {
  const agent = { keepAlive: true, maxSockets: SOCKETS };
  return {
    region,
    // The user's own AWS settings would add these to any endpoint; with one of ours they are an error.
    ...(endpoint === undefined ? {} : { endpoint, useFipsEndpoint: false, useDualstackEndpoint: false }),
    // A copy: the SDK adds a member of its own.
    ...(credentials === undefined ? {} : { credentials: { ...credentials } }),
    requestHandler: new NodeHttpHandler({
      httpAgent: new HttpAgent(agent),
      httpsAgent: new Agent({ ...agent, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) }),
      connectionTimeout: CONNECT_MS,
      requestTimeout: attemptMs,
      // Without this the handler only warns, and waits on.
      throwOnRequestTimeout: true,
    }),
  };
}
