// SPDX-License-Identifier: Apache-2.0
import type { RecordSchema, Vault } from '@enclave-vault/vault';
import type { FastifyInstance } from 'fastify';
import type { Authenticator } from '../auth/authenticate.ts';
import type { Arrivals } from '../http/arrivals.ts';
import type { TokenBuckets } from '../http/token-bucket.ts';
import type { Meter } from '../observe/meter.ts';
import type { AppOptions, HttpTimeouts } from '../options.ts';
import { batchRoutes } from '../routes/batch.ts';
import { Batches } from './batches.ts';
import { ItemRates } from './rates.ts';
import { Streams } from './streams.ts';

/** Of a stream that a gateway carries in one piece: bytes of its body, and of its answer, and lines. */
const CARRIED = { body: 1024 * 1024, answer: 4 * 1024 * 1024, items: 100 };
const ENDLESS = { body: Infinity, answer: Infinity, items: Infinity };

export interface RegisterParts {
  readonly vault: () => Vault;
  readonly schema: RecordSchema;
  readonly meter: Meter;
  readonly authenticator: Authenticator;
  readonly buckets: Readonly<Record<'requests' | 'refusals', TokenBuckets>>;
  /** As for a single decryption. */
  readonly decrypts: readonly TokenBuckets[];
  readonly timeouts: HttpTimeouts;
  readonly arrivals: Arrivals;
}

/** Routes for many records, and what they share. */
export async function registerBatches(
  app: FastifyInstance,
  {
    log,
    ingress,
    streams: streaming = true,
    processes = 1,
  }: Pick<AppOptions, 'log' | 'ingress' | 'streams' | 'processes'>,
  { vault, schema, meter, authenticator, buckets, decrypts, timeouts, arrivals }: RegisterParts,
): Promise<void> {
  const { requests, refusals } = buckets;
  const streams = new Streams();
  app.addHook('preClose', async () => streams.stop());
  const limits = streaming ? ENDLESS : CARRIED;
  const batches = new Batches({
    meter,
    log,
    streams,
    rates: {
      create: new ItemRates([requests], refusals),
      decrypt: new ItemRates([requests, ...decrypts], refusals),
    },
    authenticate: async (request) => {
      const known = ingress?.()?.principal;
      return known ?? (await authenticator.authenticate(request.headers.authorization, request.ip));
    },
    deadline: () => Math.min(Date.now() + timeouts.deadline, ingress?.()?.deadline ?? Infinity),
    times: { pace: timeouts.deadline, idle: timeouts.idle },
    most: limits,
    processes,
  });
  // A scope of its own: these routes read what no other does.
  await app.register(async (scope) => {
    batchRoutes(scope, { vault, schema, meter, batches, arrivals, streamLimit: limits.body });
  });
}
