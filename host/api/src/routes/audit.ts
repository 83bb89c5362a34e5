// SPDX-License-Identifier: Apache-2.0
import type { FastifyInstance } from 'fastify';
import { contextOf } from '../http/call.ts';
import type { RouteDependencies } from './dependencies.ts';
import { pageOf } from './paging.ts';
import { ID_PARAMS, pageQuery, problems, type Schema, TIME } from './schemas.ts';

const NULLABLE: Schema = { type: ['string', 'null'] };
const NAMES: Schema = { type: 'array', items: { type: 'string' } };
const HASH: Schema = { type: 'string', pattern: '^[0-9a-f]{64}$' };

const ENTRY: Schema = {
  $id: 'AuditEntry',
  type: 'object',
  required: ['n', 'time', 'event', 'actor', 'fields', 'used', 'expressions', 'result', 'request_id', 'hash'],
  additionalProperties: false,
  properties: {
    n: { type: 'integer', minimum: 1, description: 'Number of the entry in this log.' },
    time: TIME,
    event: { type: 'string', examples: ['DecryptVault'] },
    operation: { ...NULLABLE, description: 'For AccessDenied: the scope of what was attempted.' },
    actor: {
      type: 'string',
      description:
        '`key:<id>`, `jwt:<issuer>#<subject>`, and behind a gateway `iam:<ARN>` or `authorizer:<principal>`.',
    },
    purpose: NULLABLE,
    reason: NULLABLE,
    fields: {
      ...NAMES,
      description: 'Fields written, removed or revealed; when denied or failed: asked for.',
    },
    used: { ...NAMES, description: 'Fields that expressions used.' },
    expressions: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'mac'],
        additionalProperties: false,
        properties: {
          name: { type: 'string' },
          mac: {
            ...HASH,
            description:
              'Of the CEL source, under the audit key: equal for equal sources, and no help in guessing one.',
          },
        },
      },
    },
    result: { type: 'string', enum: ['ok', 'denied', 'failed'] },
    code: { ...NULLABLE, description: 'Why it was denied, or failed.' },
    request_id: { type: 'string' },
    rev: { type: ['integer', 'null'], description: 'Revision of the vault after this entry.' },
    hash: { ...HASH, description: 'Of this entry, keyed; the next entry holds it.' },
  },
};

/** A vault's audit log. */
export function auditRoutes(app: FastifyInstance, { vault }: RouteDependencies): void {
  app.addSchema(ENTRY);
  app.get<{ Params: { id: string }; Querystring: { limit?: string; cursor?: string } }>(
    '/v1/vaults/:id/audit',
    {
      schema: {
        tags: ['vaults'],
        operationId: 'getAudit',
        summary: 'The audit log of a vault, newest first',
        description:
          'Scope `audit:read`. A deleted vault keeps its log. A key narrowed to fields sees the names of those alone.',
        params: ID_PARAMS,
        querystring: pageQuery('^(?:[1-9][0-9]?|[1-4][0-9]{2}|500)$', '^[0-9]{12}$'),
        response: {
          200: {
            description: 'A page',
            type: 'object',
            required: ['entries', 'next'],
            additionalProperties: false,
            properties: {
              entries: { type: 'array', items: { $ref: 'AuditEntry#' } },
              next: {
                type: ['string', 'null'],
                description: '`cursor` of the next page; null: there is none.',
              },
            },
          },
          ...problems(403, 404, 422),
        },
      },
      handler: async (request) => vault().audit(contextOf(request), request.params.id, pageOf(request.query)),
    },
  );
}
