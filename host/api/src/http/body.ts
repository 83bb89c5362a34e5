// SPDX-License-Identifier: Apache-2.0
import type { FastifyInstance, FastifySchema, FastifySchemaCompiler } from 'fastify';
import { ApiError, memberError, VaultError } from '../errors.ts';
import { parseStrictJson } from './strict-json.ts';
import { createValidator, toMemberErrors } from './validation.ts';

/** Bodies are JSON and nothing else (415), read strictly. @param maxItems members and elements of a whole body */
export function registerBodyParser(app: FastifyInstance, maxItems?: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: unknown, bytes: Buffer) => {
      if (bytes.length === 0) return undefined;
      const value = parseStrictJson(bytes, maxItems);
      // To the framework null means "no body", which is another thing.
      if (value === null) throw new VaultError('invalid', { members: [memberError('', 'null')] });
      return value;
    },
  );
}

/** A JSON text a line. There is no registered type; this is the one in use. */
export const NDJSON = 'application/x-ndjson';

type Validate = (data: unknown) => true | { error: Error };

/**
 * Validates bodies and queries by the very schemas that the OpenAPI document shows. Not validated here: bodies
 * that are the record schema's (`$ref`), since the vault's own parser judges those and says more about them;
 * headers and path parameters, which the vault reads.
 */
export function validatorCompiler(): FastifySchemaCompiler<FastifySchema> {
  // Compiled when first asked for: a process that starts has better things to do.
  const ajv = once(createValidator);
  return ({ schema, method, httpPart, contentType }): Validate => {
    // Read line by line, and judged so.
    if (contentType === NDJSON) return () => true;
    if (httpPart === 'querystring') {
      const compiled = once(() => ajv().compile(schema as object));
      return (data) => {
        const validate = compiled();
        if (validate(data)) return true;
        const members = toMemberErrors(validate.errors ?? [], data);
        // Parameters of a query are no members of a document: their names stand alone.
        return refuse(members.map(({ path, code }) => memberError(path.replace(/^\//, ''), code)));
      };
    }
    if (httpPart !== 'body') return () => true;
    const isRecord = '$ref' in schema;
    const compiled = once(() => ajv().compile(schema as object));
    return (data) => {
      if (data === null) return method === 'DELETE' ? true : { error: new ApiError('body_required') };
      if (isRecord) return true;
      const validate = compiled();
      if (validate(data)) return true;
      return refuse(toMemberErrors(validate.errors ?? [], data));
    };
  };
}

/** Judges what is no body by itself, as bodies are judged. @returns throws `invalid`, with every bad member */
export function checker(schema: object): (data: unknown) => void {
  const compiled = once(() => createValidator().compile(schema));
  return (data) => {
    const validate = compiled();
    if (!validate(data)) throw refuse(toMemberErrors(validate.errors ?? [], data)).error;
  };
}

function refuse(members: ReturnType<typeof toMemberErrors>): { error: Error } {
  return { error: new VaultError('invalid', { members }) };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
