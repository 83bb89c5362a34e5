// SPDX-License-Identifier: Apache-2.0
import { formatTime, type KeyView, parseTime, SCOPES } from '@enclave-vault/vault';
import type { FastifyInstance } from 'fastify';
import { ApiError, memberError, VaultError } from '../errors.ts';
import { contextOf } from '../http/call.ts';
import type { RouteDependencies } from './dependencies.ts';
import { pageOf } from './paging.ts';
import { PAGE_QUERY, problems, type Schema, TIME } from './schemas.ts';

interface NewKey {
  scopes: string[];
  fields?: string[] | null;
  purposes?: string[] | null;
  derive_only?: boolean;
  expires?: string | null;
}

const list = (description: string): Schema => ({
  description,
  type: ['array', 'null'],
  maxItems: 1000,
  uniqueItems: true,
  items: { type: 'string', minLength: 1, maxLength: 64 },
});

const RIGHTS: Schema = {
  scopes: {
    type: 'array',
    minItems: 1,
    maxItems: 16,
    uniqueItems: true,
    items: { type: 'string', minLength: 1, maxLength: 64 },
    description: `What the key may do: ${SCOPES.join(', ')}.`,
    examples: [['vaults:create', 'vaults:read']],
  },
  fields: list('Fields it is narrowed to, for its expressions too; null: not narrowed.'),
  purposes: list('Purposes it is narrowed to; null: not narrowed.'),
  derive_only: { type: 'boolean', description: 'It runs registered expressions only and reveals no field.' },
  expires: { ...TIME, type: ['string', 'null'], maxLength: 32, description: 'RFC 3339, UTC; null: never.' },
};

const KEY: Schema = {
  $id: 'ApiKey',
  type: 'object',
  required: [
    'id',
    'scopes',
    'fields',
    'purposes',
    'derive_only',
    'expires',
    'created',
    'created_by',
    'revoked',
  ],
  additionalProperties: false,
  properties: {
    id: { type: 'string' },
    ...RIGHTS,
    scopes: { type: 'array', items: { $ref: 'Scope#' } },
    created: TIME,
    created_by: { type: 'string' },
    revoked: { ...TIME, type: ['string', 'null'] },
  },
};

/** API keys. */
export function keyRoutes(app: FastifyInstance, { vault }: RouteDependencies): void {
  app.addSchema(KEY);
  const tags = ['keys'];

  app.post<{ Body: NewKey }>('/v1/keys', {
    schema: {
      tags,
      operationId: 'createKey',
      summary: 'Create an API key',
      description:
        'Scope `keys:admin`. A key grants at most the rights of its creator; members left out are the creator’s own. The token is shown this once, so there is no Idempotency-Key here.',
      body: {
        type: 'object',
        additionalProperties: false,
        required: ['scopes'],
        properties: RIGHTS,
        examples: [{ scopes: ['vaults:decrypt'], purposes: ['general'], derive_only: true }],
      },
      response: {
        201: {
          description: 'Created',
          type: 'object',
          required: ['id', 'token'],
          additionalProperties: false,
          properties: {
            id: { type: 'string' },
            token: { type: 'string', description: '`evk_<id>_<secret>`' },
          },
        },
        ...problems(403, 408, 409, 413, 415, 422),
      },
    },
    handler: async (request, reply) => {
      // A repeat could not give the token again: nobody has it any more.
      if (request.headers['idempotency-key'] !== undefined) throw new ApiError('header_invalid');
      const { scopes, fields, purposes, derive_only: deriveOnly, expires } = request.body;
      const rights = { scopes, fields, purposes, deriveOnly, expires: microseconds(expires) };
      const created = await vault().keys.create(contextOf(request), rights);
      reply.code(201);
      return { id: created.id, token: created.token };
    },
  });

  app.get<{ Querystring: { limit?: string; cursor?: string } }>('/v1/keys', {
    schema: {
      tags,
      operationId: 'listKeys',
      summary: 'The API keys of the tenant, newest first',
      description: 'Scope `keys:admin`. Without their secrets, which are not kept.',
      querystring: PAGE_QUERY,
      response: {
        200: {
          description: 'A page',
          type: 'object',
          required: ['keys', 'next'],
          additionalProperties: false,
          properties: {
            keys: { type: 'array', items: { $ref: 'ApiKey#' } },
            next: {
              type: ['string', 'null'],
              description: '`cursor` of the next page; null: there is none.',
            },
          },
        },
        ...problems(403, 422),
      },
    },
    handler: async (request) => {
      const { keys, next } = await vault().keys.list(contextOf(request), pageOf(request.query));
      return { keys: keys.map(viewOf), next };
    },
  });

  app.delete<{ Params: { id: string } }>('/v1/keys/:id', {
    schema: {
      tags,
      operationId: 'revokeKey',
      summary: 'Revoke an API key',
      description: 'Scope `keys:admin`. At once and for ever. Keys that it created stay.',
      params: {
        type: 'object',
        required: ['id'],
        properties: { id: { type: 'string', description: 'Id of the key.' } },
      },
      response: { 200: { description: 'Done', $ref: 'Empty#' }, ...problems(403, 404, 409) },
    },
    handler: async (request) => {
      await vault().keys.revoke(contextOf(request), request.params.id);
      return {};
    },
  });
}

function viewOf({ deriveOnly, expires, created, createdBy, revoked, ...key }: KeyView): object {
  const { id, scopes, fields, purposes } = key;
  return {
    id,
    scopes,
    fields,
    purposes,
    derive_only: deriveOnly,
    expires: expires === null ? null : formatTime(expires),
    created: formatTime(created),
    created_by: createdBy,
    revoked: revoked === null ? null : formatTime(revoked),
  };
}

function microseconds(time: string | null | undefined): number | null | undefined {
  if (time === undefined || time === null) return time;
  const micros = parseTime(time);
  if (micros === undefined) throw new VaultError('invalid', { members: [memberError('/expires', 'format')] });
  return micros;
}
