// SPDX-License-Identifier: Apache-2.0
import { etagOf, parseIfMatch, recordJsonSchema } from '@enclave-vault/vault';
import type { FastifyInstance } from 'fastify';
import { ApiError, memberError, VaultError } from '../errors.ts';
import { contextOf } from '../http/call.ts';
import type { RouteDependencies } from './dependencies.ts';
import {
  ETAG,
  FIELD_LIST,
  ID_PARAMS,
  IDEMPOTENCY_HEADER,
  IF_MATCH_HEADER,
  names,
  problems,
} from './schemas.ts';

interface ById {
  Params: { id: string };
}
interface Removal {
  fields?: string[];
  delete_all?: boolean;
}

/** Records: create, presence, update, delete. */
export function vaultRoutes(app: FastifyInstance, { vault, schema }: RouteDependencies): void {
  const record = {
    ...recordJsonSchema(schema),
    description: 'Fields of the record schema. Text is trimmed.',
  };
  app.addSchema({ $id: 'Record', ...record });
  app.addSchema({ $id: 'RecordUpdate', ...record, minProperties: 1 });
  const tags = ['vaults'];

  app.post('/v1/vaults', {
    schema: {
      tags,
      operationId: 'createVault',
      summary: 'Create a vault',
      description:
        'Scope `vaults:create`. Every field is sealed to a key pair that belongs to this vault alone.',
      headers: { type: 'object', properties: IDEMPOTENCY_HEADER },
      body: { $ref: 'Record#' },
      response: {
        201: {
          description: 'Created',
          headers: { ...ETAG, location: { type: 'string', description: 'Path of the vault.' } },
          type: 'object',
          required: ['id'],
          properties: { id: { $ref: 'VaultId#' } },
        },
        ...problems(403, 408, 409, 413, 415, 422),
      },
    },
    handler: async (request, reply) => {
      const idempotency = idempotencyOf(request.headers);
      const { id, rev } = await vault().create(contextOf(request), bodyOf(request.body), { idempotency });
      reply.code(201).header('location', `/v1/vaults/${id}`).header('etag', etagOf(rev));
      return { id };
    },
  });

  app.get<ById & { Querystring: { fields?: string } }>('/v1/vaults/:id', {
    schema: {
      tags,
      operationId: 'getVault',
      summary: 'Which fields hold a value',
      description:
        'Scope `vaults:read`. Never the values. Without `fields`: all fields that the key may see.',
      params: ID_PARAMS,
      querystring: {
        type: 'object',
        additionalProperties: false,
        properties: {
          fields: FIELD_LIST,
        },
      },
      response: {
        200: {
          description: 'Whether each field holds a value',
          headers: ETAG,
          type: 'object',
          additionalProperties: { type: 'boolean' },
          examples: [{ email: true, dob: false }],
        },
        ...problems(403, 404, 422),
      },
    },
    handler: async (request, reply) => {
      const fields = request.query.fields?.split(',');
      const { rev, fields: presence } = await vault().presence(contextOf(request), request.params.id, fields);
      reply.header('etag', etagOf(rev));
      return presence;
    },
  });

  app.patch<ById>('/v1/vaults/:id', {
    schema: {
      tags,
      operationId: 'updateVault',
      summary: 'Set fields of a vault',
      description: 'Scope `vaults:update`. Other fields stay as they are.',
      params: ID_PARAMS,
      headers: { type: 'object', properties: { ...IDEMPOTENCY_HEADER, ...IF_MATCH_HEADER } },
      body: { $ref: 'RecordUpdate#' },
      response: {
        200: { description: 'Done', headers: ETAG, $ref: 'Empty#' },
        ...problems(403, 404, 408, 409, 412, 413, 415, 422),
      },
    },
    handler: async (request, reply) => {
      const options = { idempotency: idempotencyOf(request.headers), ifMatch: ifMatchOf(request.headers) };
      const context = contextOf(request);
      const { rev } = await vault().update(context, request.params.id, bodyOf(request.body), options);
      reply.header('etag', etagOf(rev));
      return {};
    },
  });

  app.delete<ById & { Querystring: { fields?: string; delete_all?: string }; Body: Removal | undefined }>(
    '/v1/vaults/:id',
    {
      schema: {
        tags,
        operationId: 'deleteVault',
        summary: 'Remove fields, or the whole vault',
        description:
          'Scope `vaults:delete`. Say what either in the body or in the query, since some clients send no body with DELETE. Deleting the whole vault destroys its keys and values and keeps its audit log.',
        params: ID_PARAMS,
        headers: { type: 'object', properties: IF_MATCH_HEADER },
        querystring: {
          type: 'object',
          additionalProperties: false,
          properties: {
            fields: FIELD_LIST,
            delete_all: { type: 'string', enum: ['true'] },
          },
        },
        body: {
          type: 'object',
          additionalProperties: false,
          minProperties: 1,
          maxProperties: 1,
          properties: {
            fields: names('Fields to remove.', undefined, { minItems: 1 }),
            delete_all: { type: 'boolean', const: true },
          },
          examples: [{ fields: ['ssn9'] }, { delete_all: true }],
        },
        response: {
          200: { description: 'Done', headers: ETAG, $ref: 'Empty#' },
          ...problems(403, 404, 408, 409, 412, 413, 415, 422),
        },
      },
      handler: async (request, reply) => {
        const { id } = request.params;
        const { query } = request;
        const body = request.body ?? {};
        const said = [query.fields, query.delete_all, body.fields, body.delete_all].filter(
          (one) => one !== undefined,
        );
        // Exactly one of four ways: a deletion is not to be guessed at.
        if (said.length === 0) throw refused('/fields', 'required');
        if (said.length > 1) throw refused('', 'repeated');
        const fields = query.fields?.split(',') ?? body.fields;
        const ifMatch = ifMatchOf(request.headers);
        const context = contextOf(request);
        if (fields === undefined) {
          await vault().deleteVault(context, id, { ifMatch });
        } else {
          const { rev } = await vault().removeFields(context, id, fields, { ifMatch });
          reply.header('etag', etagOf(rev));
        }
        return {};
      },
    },
  );
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

function idempotencyOf(headers: Headers): string | undefined {
  const value = headers['idempotency-key'];
  return typeof value === 'string' ? value : undefined;
}

function ifMatchOf(headers: Headers): readonly number[] | undefined {
  const value = headers['if-match'];
  return typeof value === 'string' ? parseIfMatch(value) : undefined;
}

function bodyOf(body: unknown): unknown {
  if (body === undefined) throw new ApiError('body_required');
  return body;
}

function refused(path: string, code: 'required' | 'repeated'): VaultError {
  return new VaultError('invalid', { members: [memberError(path, code)] });
}
