// SPDX-License-Identifier: Apache-2.0
import type { FastifyInstance } from 'fastify';
import type { RouteDependencies } from './dependencies.ts';
import { publicProblems, type Schema } from './schemas.ts';

const HEALTH: Schema = {
  $id: 'Health',
  type: 'object',
  required: ['status', 'parts'],
  additionalProperties: false,
  properties: {
    status: { type: 'string', enum: ['ok', 'unavailable'] },
    parts: {
      description: 'State of each part: `vault` (open), `store`, `audit` (its sink), `enclave`.',
      type: 'object',
      additionalProperties: {
        type: 'object',
        required: ['ok'],
        additionalProperties: false,
        properties: { ok: { type: 'boolean' }, reason: { type: 'string', description: 'A stable code.' } },
      },
    },
  },
  examples: [{ status: 'ok', parts: { store: { ok: true }, enclave: { ok: true } } }],
};

/** For machines: health, metrics and the OpenAPI document. */
export function systemRoutes(
  app: FastifyInstance,
  { health, metrics, figures, recordKeys, peers }: RouteDependencies,
): void {
  const own = async (): Promise<string> => {
    const up = Object.entries(await health()).map(([part, { ok }]): [string, boolean] => [part, ok]);
    return metrics.text(Object.fromEntries(up), recordKeys()?.ready);
  };
  peers?.show(own);
  app.addSchema(HEALTH);
  const tags = ['system'];
  const security: readonly [] = [];

  app.get('/health', {
    config: { public: true },
    schema: {
      tags,
      security,
      operationId: 'getHealth',
      summary: 'Whether the vault can do its work',
      response: {
        ...publicProblems(),
        200: { description: 'It can', $ref: 'Health#' },
        503: { description: 'It cannot now; see the parts', $ref: 'Health#' },
      },
    },
    handler: async (_request, reply) => {
      const parts = await health();
      const ok = Object.values(parts).every((part) => part.ok);
      if (!ok) reply.code(503).header('retry-after', '1');
      return { status: ok ? 'ok' : 'unavailable', parts };
    },
  });

  app.get('/metrics', {
    config: { public: true },
    schema: {
      tags,
      security,
      operationId: 'getMetrics',
      summary: 'Figures in the Prometheus text format',
      description: 'Counts and times. No label holds an id, a name or a value.',
      response: {
        200: { description: 'Figures', content: { 'text/plain': { schema: { type: 'string' } } } },
        ...publicProblems(),
      },
    },
    handler: async (_request, reply) => {
      const [all, others] = await Promise.all([peers === undefined ? own() : peers.figures(), figures()]);
      reply.type('text/plain; version=0.0.4; charset=utf-8');
      return all + others;
    },
  });
}
