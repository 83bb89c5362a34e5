// SPDX-License-Identifier: Apache-2.0
import { formatTime, type KeyView, parseTime, type RecordSchema, SCOPES } from '@enclave-vault/vault';
import type { FastifyInstance } from 'fastify';
import { ApiError, memberError, VaultError } from '../errors.ts';
import { contextOf } from '../http/call.ts';
import type { RouteDependencies } from './dependencies.ts';
import { pageOf } from './paging.ts';
import { pageQuery, problems, type Schema, TIME } from './schemas.ts';

interface NewKey {
  scopes: string[];
  fields?: string[] | null;
  purposes?: string[] | null;
  derive_only?: boolean;
  expires?: string | null;
}

const END: Schema = { ...TIME, type: ['string', 'null'], maxLength: 32, examples: ['2099-12-31T23:59:59Z'] };

const list = (description: string, known: readonly string[]): Schema => ({
  description,
  type: ['array', 'null'],
  maxItems: 1000,
  uniqueItems: true,
  items: { type: 'string', enum: known },
});

const rights = (schema: RecordSchema): Schema => ({
  scopes: {
    type: 'array',
    minItems: 1,
    uniqueItems: true,
    items: { type: 'string', enum: SCOPES },
    description: 'What the key may do.',
  },
  fields: list('Fields it is narrowed to, for its expressions too; null: not narrowed.', [
    ...schema.fields.keys(),
  ]),
  purposes: list('Purposes it is narrowed to; null: not narrowed.', schema.purposes),
  derive_only: { type: 'boolean', description: 'It runs registered expressions only and reveals no field.' },
  expires: { ...END, description: 'RFC 3339, UTC, in the future; null: never.' },
});

/** Keys live longer than schemas: what they were narrowed to may be gone. */
const NAMES: Schema = { type: ['array', 'null'], items: { type: 'string' } };

const PROPERTIES: Schema = {
  id: { type: 'string' },
  scopes: { type: 'array', items: { type: 'string', enum: SCOPES } },
  fields: NAMES,
  purposes: NAMES,
  derive_only: { type: 'boolean' },
  expires: END,
  created: TIME,
  created_by: { type: 'string' },
  revoked: { ...TIME, type: ['string', 'null'] },
};
const KEY: Schema = {
  $id: 'ApiKey',
  type: 'object',
  required: Object.keys(PROPERTIES),
  additionalProperties: false,
  properties: PROPERTIES,
};

/** API keys. */
export function keyRoutes(app: FastifyInstance, { vault, schema }: RouteDependencies): void {
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
        properties: rights(schema),
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
      const grant = { scopes, fields, purposes, deriveOnly, expires: microseconds(expires) };
      const created = await vault().keys.create(contextOf(request), grant);
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
      querystring: pageQuery('^(?:[1-9][0-9]?|100)$', '^[0-9A-Z]{26}$'),
      response: {
        200: {
          description: 'A page',
          type: 'object',
          required: ['keys', 'tampered', 'next'],
          additionalProperties: false,
          properties: {
            keys: { type: 'array', items: { $ref: 'ApiKey#' } },
            tampered: {
              type: 'array',
              items: { type: 'string' },
              description:
                'Ids of keys that do not authenticate, because someone else wrote to the store. They open nothing.',
            },
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
      const { keys, tampered, next } = await vault().keys.list(contextOf(request), pageOf(request.query));
      return { keys: keys.map(viewOf), tampered, next };
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
