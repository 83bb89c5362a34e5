// SPDX-License-Identifier: Apache-2.0
import type { JsonSchema } from './field-types.ts';
import { fieldType, MAX_REQUEST_FIELDS, type RecordSchema } from './record-schema.ts';

/**
 * The JSON Schema (2020-12) of a create body. It accepts what {@link RecordSchema.parse} accepts, but for what JSON
 * Schema cannot say: real dates are a `format`, and a derived field is not given together with its source
 * (parse takes it when it agrees).
 */
export function recordJsonSchema(schema: RecordSchema): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const dependentSchemas: Record<string, { properties: Record<string, false> }> = {};
  for (const [name, field] of schema.fields) {
    properties[name] = fieldType(field).jsonSchema(field.options);
    if (field.derived === undefined) continue;
    dependentSchemas[field.derived.from] ??= { properties: {} };
    const dependent = dependentSchemas[field.derived.from];
    if (dependent !== undefined) dependent.properties[name] = false;
  }
  return {
    type: 'object',
    properties,
    additionalProperties: false,
    maxProperties: MAX_REQUEST_FIELDS,
    ...(Object.keys(dependentSchemas).length > 0 ? { dependentSchemas } : {}),
  };
}
