// SPDX-License-Identifier: Apache-2.0
import { AdminError } from '../errors.ts';
import { type Access, askJson, problemFrom } from './http.ts';

/** JSON types of fields, as the API's document has them. */
export type FieldType = 'string' | 'integer' | 'boolean';

const TYPES: readonly string[] = ['string', 'integer', 'boolean'] satisfies FieldType[];

/**
 * The fields of a vault's schema, from its OpenAPI document: whoever may create records need have no other rights.
 * @throws {AdminError} `schema_unreadable`, `request_failed`, `vault_not_running`, `credentials_unusable`
 */
export async function fieldsOf(access: Access): Promise<ReadonlyMap<string, FieldType>> {
  const answer = await askJson(access, 'GET', '/v1/openapi.json');
  const { status, json } = answer;
  // A vault shows it to everybody; a gateway before it may not.
  if (status === 401 || status === 403)
    throw new AdminError('request_failed', `${status} ${problemFrom(answer).code}: the caller is not let in`);
  const properties = member(member(member(member(json, 'components'), 'schemas'), 'Record'), 'properties');
  if (status !== 200 || typeof properties !== 'object' || properties === null)
    throw new AdminError('schema_unreadable', `/v1/openapi.json shows no fields of records (${status})`);
  return new Map(
    Object.entries(properties).map(([name, definition]) => {
      const type = String(member(definition, 'type'));
      return [name, (TYPES.includes(type) ? type : 'string') as FieldType];
    }),
  );
}

export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
