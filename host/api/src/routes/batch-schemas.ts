// SPDX-License-Identifier: Apache-2.0
import type { RecordSchema } from '@enclave-vault/vault';
import { MEMBER_ERRORS, PROBLEMS } from '../errors.ts';
import { NDJSON } from '../http/body.ts';
import { ANSWER, askSchema } from './decrypt.ts';
import { problems, type Schema } from './schemas.ts';

/** Items of a document. */
const MOST_ITEMS = 100;
const ID: Schema = { type: 'string', examples: ['v_01HV1XW70Q03PHK892JFQAY0Z5'] };

const FAILED: Schema = {
  description: 'Why the item has no result: what a problem document would say of it.',
  type: 'object',
  required: ['code', 'message'],
  additionalProperties: false,
  properties: {
    code: { type: 'string', enum: Object.keys(PROBLEMS).sort() },
    message: { type: 'string' },
    members: {
      description: 'With `invalid`: every bad member, by its path in the item.',
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'code', 'message'],
        additionalProperties: false,
        properties: {
          path: { type: 'string' },
          code: { type: 'string', enum: Object.keys(MEMBER_ERRORS).sort() },
          message: { type: 'string' },
        },
      },
    },
    retry_after: { type: 'integer', minimum: 1, description: 'Seconds after which to try again.' },
  },
};

const INDEX: Schema = { type: 'integer', minimum: 0, description: 'Of the item, from 0.' };

function results(more: Readonly<Record<string, unknown>>, examples: readonly unknown[]): Schema {
  return {
    description: 'A result for each item',
    content: {
      'application/json': {
        schema: {
          type: 'object',
          required: ['results'],
          additionalProperties: false,
          properties: {
            results: {
              description: 'In the order of the items.',
              type: 'array',
              items: {
                type: 'object',
                required: ['index'],
                additionalProperties: false,
                properties: { index: INDEX, id: ID, ...more, error: FAILED },
              },
            },
          },
          examples: [{ results: examples }],
        },
      },
      [NDJSON]: { schema: STREAMED },
    },
  };
}

const STREAM =
  'One JSON object a line, of at most 1 MiB. The answer is a stream as well: a result a line, in the order of completion, and a last line `{"done":{"results":2,"errors":0}}`, or `{"stopped":{"code":"stopping","results":2,"errors":0}}` where not all was read.';
const STREAMED: Schema = { type: 'string', description: STREAM };
const REFUSED = problems(403, 408, 413, 415, 422);
const BAD: Schema = {
  index: 1,
  error: { code: 'not_found', message: PROBLEMS.not_found[1] },
};

export const BATCH_CREATE = {
  tags: ['vaults'],
  operationId: 'createVaults',
  summary: 'Create many vaults',
  description: `Scope \`vaults:create\`. Each item by itself, as a call of its own would: one that fails harms no other. As a stream, each line is an item.`,
  headers: {
    type: 'object',
    properties: {
      'idempotency-key': {
        type: 'string',
        minLength: 1,
        maxLength: 240,
        pattern: '^[\\x21-\\x7e]+$',
        description: 'Stands for `idempotency_key` of items that have none: itself, a colon and the index.',
      },
    },
  },
  body: {
    content: {
      'application/json': {
        schema: {
          type: 'object',
          additionalProperties: false,
          required: ['items'],
          properties: {
            items: {
              description:
                'Each `{"fields": …}`, a record as for one, and `idempotency_key` if you like. An item of another form is no bad request: its result says so.',
              type: 'array',
              minItems: 1,
              maxItems: MOST_ITEMS,
              items: {},
            },
          },
          examples: [{ items: [{ fields: { first_name: 'Ada' }, idempotency_key: 'row-1' }] }],
        },
      },
      [NDJSON]: { schema: STREAMED },
    },
  },
  response: {
    200: results({}, [{ index: 0, id: 'v_01HV1XW70Q03PHK892JFQAY0Z5' }]),
    ...REFUSED,
  },
};

/** @param schema the record schema */
export function batchDecrypt(schema: RecordSchema) {
  const ask = askSchema(schema);
  return {
    tags: ['vaults'],
    operationId: 'decryptVaults',
    summary: 'Reveal fields of many vaults, and run expressions on them',
    description:
      'Scope `vaults:decrypt`. The same for each, in the enclave, each audited before anything of it is returned. As a stream, the first line is the ask without `ids`, and each further one `{"id": …}`.',
    body: {
      content: {
        'application/json': {
          schema: {
            ...ask,
            required: ['ids', 'reason'],
            properties: {
              ids: {
                description: 'Ids of vaults. One that is none is `not_found`.',
                type: 'array',
                minItems: 1,
                maxItems: MOST_ITEMS,
                items: { type: 'string' },
              },
              ...ask.properties,
            },
            examples: [{ ids: ID.examples, fields: ['email'], reason: 'Delivery of order 1234' }],
          },
        },
        [NDJSON]: { schema: STREAMED },
      },
    },
    response: {
      200: results(ANSWER, [
        { index: 0, id: 'v_01HV1XW70Q03PHK892JFQAY0Z5', data: { email: 'ada@example.com' } },
        BAD,
      ]),
      ...REFUSED,
    },
  };
}
