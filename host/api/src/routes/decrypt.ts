// SPDX-License-Identifier: Apache-2.0
import type { Decrypted, DecryptInput, RecordSchema } from '@enclave-vault/vault';
import type { FastifyInstance } from 'fastify';
import { ApiError } from '../errors.ts';
import { contextOf } from '../http/call.ts';
import { takeAll, wholeSeconds } from '../http/token-bucket.ts';
import type { Meter } from '../observe/meter.ts';
import type { RouteDependencies } from './dependencies.ts';
import { ID_PARAMS, names, problems, type Schema } from './schemas.ts';

/** What is asked, of one record or of many. */
export interface DecryptBody {
  fields?: string[];
  reason: string;
  purpose?: string;
  expressions?: Record<string, string | { registered: string }>;
  fresh?: boolean;
}

/** Schema of an ask. */
export const askSchema = (schema: RecordSchema) => ({
  type: 'object',
  additionalProperties: false,
  required: ['reason'],
  properties: {
    fields: names('Fields to reveal. May be empty, or left out, when there are expressions.', [
      ...schema.fields.keys(),
    ]),
    reason: {
      type: 'string',
      minLength: 1,
      maxLength: 256,
      pattern: '\\S',
      description: 'Why. Stands in the audit log for ever: no place for personal data.',
    },
    purpose: {
      type: 'string',
      enum: schema.purposes,
      description: 'What for, in the deployment’s own words.',
    },
    expressions: {
      type: 'object',
      maxProperties: 100,
      propertyNames: { type: 'string', pattern: '^[a-z][a-z0-9_]{0,63}$' },
      description:
        'By the name of the result: a CEL expression, or one that the record schema registers. Later ones may use earlier results. A field that only an expression uses is not revealed.',
      additionalProperties: {
        type: ['string', 'object'],
        minLength: 1,
        maxLength: 10240,
        required: ['registered'],
        additionalProperties: false,
        properties: { registered: registered(schema) },
      },
    },
    fresh: {
      type: 'boolean',
      default: false,
      description:
        'Have KMS asked for the record’s key now. Otherwise an enclave may use the key of a decryption of the last minute, whatever has become of the rights since.',
    },
  },
  examples: [
    { fields: ['email'], reason: 'Delivery of order 1234', expressions: { age: 'date(dob).age()' } },
    { reason: 'Age check', expressions: { adult: { registered: 'over_18' } } },
  ],
});

/** Without registered expressions there is no enumeration: every name is unknown, as the vault says. */
function registered({ expressions }: RecordSchema): Schema {
  const known = [...expressions.keys()];
  return { type: 'string', ...(known.length === 0 ? { maxLength: 64 } : { enum: known }) };
}

/** Members of an answer for one record. */
export const ANSWER = {
  data: {
    description: 'Values of fields (null: the vault has none) and results of expressions, by name.',
    type: 'object',
    additionalProperties: {},
  },
  errors: {
    description: 'Fields and expressions without a result.',
    type: 'array',
    items: {
      type: 'object',
      required: ['name', 'code', 'message'],
      additionalProperties: false,
      properties: {
        name: { type: 'string' },
        code: {
          type: 'string',
          enum: ['field_unreadable', 'expression_invalid', 'expression_failed', 'expression_budget_exceeded'],
        },
        message: { type: 'string' },
      },
    },
  },
} as const satisfies Schema;

const RESULT: Schema = {
  description: 'Results',
  type: 'object',
  required: ['data'],
  additionalProperties: false,
  properties: ANSWER,
  examples: [{ data: { email: 'ada@example.com', age: 42 } }],
};

/** What the vault is asked. */
export function inputOf({
  fields = [],
  reason,
  purpose,
  expressions = {},
  fresh,
}: DecryptBody): DecryptInput {
  return {
    fields,
    reason,
    purpose,
    fresh,
    expressions: Object.entries(expressions).map(([name, value]) =>
      typeof value === 'string' ? { name, source: value } : { name, registered: value.registered },
    ),
  };
}

/**
 * Counts the results of a record and writes members of its answer, each value as it came: parsing them into objects again
 * would change the order of keys that look like numbers.
 */
export function answerOf(meter: Meter): (asked: DecryptBody, decrypted: Decrypted) => string {
  return ({ fields = [], expressions = {} }, { dataJson, errors }) => {
    const asked = new Set([...fields, ...Object.keys(expressions)]).size;
    const good = asked - errors.length;
    if (good > 0) meter.count('decrypt_results_total', { result: 'ok' }, good);
    for (const { code } of errors) meter.count('decrypt_results_total', { result: code });
    return `"data":${dataJson}${errors.length === 0 ? '' : `,"errors":${JSON.stringify(errors)}`}`;
  };
}

/** Decryption, in the enclave. */
export function decryptRoutes(
  app: FastifyInstance,
  { vault, schema, meter, decrypts }: RouteDependencies,
): void {
  const answer = answerOf(meter);
  app.post<{ Params: { id: string }; Body: DecryptBody }>('/v1/vaults/:id/decrypt', {
    schema: {
      tags: ['vaults'],
      operationId: 'decryptVault',
      summary: 'Reveal fields and run expressions, in the enclave',
      description:
        'Scope `vaults:decrypt`. Audited before anything is returned. A derive-only key runs registered expressions only.',
      params: ID_PARAMS,
      body: askSchema(schema),
      response: { 200: RESULT, ...problems(403, 404, 408, 409, 413, 415, 422) },
    },
    // After the caller is known, and before a byte of the body is read.
    onRequest: async (request) => {
      const retryAfter = wholeSeconds(takeAll(decrypts, contextOf(request).principal.actor));
      if (retryAfter > 0) throw new ApiError('rate_limited', { retryAfter });
    },
    handler: async (request, reply) => {
      const { place } = request.call;
      const context = {
        ...contextOf(request),
        ...(place === undefined ? {} : { aside: (turn: Promise<void>) => place.aside(turn) }),
      };
      const decrypted = await vault().decrypt(context, request.params.id, inputOf(request.body));
      reply.type('application/json; charset=utf-8').serializer((body: string) => body);
      return `{${answer(request.body, decrypted)}}`;
    },
  });
}
