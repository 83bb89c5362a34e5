// SPDX-License-Identifier: Apache-2.0
import { MEMBER_ERRORS, PROBLEMS } from '../errors.ts';

/** A JSON Schema (2020-12), as it stands in the OpenAPI document. */
export type Schema = Readonly<Record<string, unknown>>;

const FIELD_NAME = '^[a-z][a-z0-9_]{0,63}$';

/** Schemas that several calls share: components of the OpenAPI document. */
export const SHARED: readonly Schema[] = [
  {
    $id: 'Problem',
    description: 'RFC 9457. Branch on `code`. No value that was sent is ever repeated in a problem.',
    type: 'object',
    required: ['title', 'status', 'code', 'detail', 'request_id'],
    additionalProperties: false,
    properties: {
      title: { type: 'string', description: 'The phrase of the status.' },
      status: { type: 'integer', minimum: 400, maximum: 599 },
      code: { type: 'string', enum: Object.keys(PROBLEMS).sort() },
      detail: { type: 'string', description: 'What the code means.' },
      request_id: { type: 'string' },
      errors: {
        description: 'With 422: every bad member.',
        type: 'array',
        items: { $ref: 'MemberError#' },
      },
    },
  },
  {
    $id: 'MemberError',
    type: 'object',
    required: ['path', 'code', 'message'],
    additionalProperties: false,
    properties: {
      path: {
        type: 'string',
        description:
          'JSON Pointer (RFC 6901) of the member in the body or of the query parameter; the name of a header. A name that no member could have is not repeated: the pointer then ends at the object around it.',
      },
      code: { type: 'string', enum: Object.keys(MEMBER_ERRORS).sort() },
      message: { type: 'string' },
    },
  },
  {
    $id: 'VaultId',
    type: 'string',
    minLength: 1,
    maxLength: 64,
    examples: ['v_01HV1XW70Q03PHK892JFQAY0Z5'],
  },
  {
    $id: 'Empty',
    type: 'object',
    maxProperties: 0,
  },
];

/** A list of field names. @param known the names there are; undefined: any that could be one */
export const names = (description: string, known?: readonly string[], more: Schema = {}): Schema => ({
  description,
  type: 'array',
  maxItems: 100,
  uniqueItems: true,
  items: { type: 'string', ...(known === undefined ? { pattern: FIELD_NAME } : { enum: known }) },
  ...more,
});

export const TIME: Schema = {
  type: 'string',
  format: 'date-time',
  description: 'RFC 3339, UTC, with microseconds.',
  examples: ['2026-03-01T12:00:00.000000Z'],
};

/** Path parameter. What is not an id at all is answered like an id that does not exist: 404. */
export const ID_PARAMS: Schema = {
  type: 'object',
  required: ['id'],
  properties: {
    id: { type: 'string', description: 'Id of the vault.', examples: ['v_01HV1XW70Q03PHK892JFQAY0Z5'] },
  },
};

export const IDEMPOTENCY_HEADER: Schema = {
  'idempotency-key': {
    type: 'string',
    minLength: 1,
    maxLength: 255,
    pattern: '^[\\x21-\\x7e]+$',
    description:
      'Makes a repeat safe: for 24 hours the same key with the same body gets the first answer, with another body 422.',
  },
};

export const IF_MATCH_HEADER: Schema = {
  'if-match': {
    type: 'string',
    minLength: 1,
    maxLength: 1024,
    description: 'ETags of the revisions that may be changed; 412 when the vault has another.',
    pattern: '^(?:\\*|(?:W/)?"[!#-~]*"(?:, *(?:W/)?"[!#-~]*")*)$',
    examples: ['"3"'],
  },
};

export const ETAG: Schema = {
  etag: { type: 'string', description: 'The revision of the vault.' },
};

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: 'The request cannot be read',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found, or not yours, or deleted',
  405: 'The resource does not take this method',
  408: 'The request did not arrive in time',
  409: 'Changed meanwhile',
  412: 'If-Match names other revisions',
  413: 'Too large',
  415: 'Not application/json',
  421: 'Not a host of this server',
  422: 'Members are invalid',
  429: 'Too many requests; see Retry-After',
  500: 'The vault failed',
  503: 'Not available now; see Retry-After',
};

/** Problem responses of a call with credentials: those given, and what every such call may get. */
export function problems(...statuses: readonly number[]): Record<string, Schema> {
  return publicProblems(401, 429, 503, ...statuses);
}

/** Problem responses of a call without credentials. */
export function publicProblems(...statuses: readonly number[]): Record<string, Schema> {
  const answers: Record<string, Schema> = { default: problem('Any other problem') };
  for (const status of [400, 421, 500, ...statuses]) {
    const codes = Object.entries(PROBLEMS)
      .filter(([, [of]]) => of === status)
      .map(([code]) => `\`${code}\``);
    answers[status] = problem(`${DESCRIPTIONS[status] ?? 'Problem'}. Codes: ${codes.join(', ')}`);
  }
  return answers;
}

function problem(description: string): Schema {
  return { description, content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } } };
}

/** Query of a list. Queries are text: nothing is coerced, so `limit` is a pattern. */
export const pageQuery = (limit: string, cursor: string): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties: {
    limit: { type: 'string', pattern: limit, description: 'Most items of a page.', examples: ['50'] },
    cursor: { type: 'string', pattern: cursor, description: '`next` of the page before.' },
  },
});

/** Query parameter with names of fields. */
export const FIELD_LIST: Schema = {
  type: 'string',
  pattern: '^[a-z][a-z0-9_]{0,63}(?:,[a-z][a-z0-9_]{0,63}){0,99}$',
  description: 'Names with commas between.',
  examples: ['email,dob'],
};
