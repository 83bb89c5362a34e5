// SPDX-License-Identifier: Apache-2.0
import { references } from '@enclave-vault/expressions/references';
import { VaultOpenError } from '../errors.ts';
import { FIELD_TYPES, type FieldOptions } from './field-types.ts';
import { isName, isPurpose, isReservedName } from './names.ts';
import { type FieldDefinition, MAX_VALUE_BYTES, RecordSchema } from './record-schema.ts';

/** Most fields of a schema: the enclave is told all their names with each request. */
const MAX_FIELDS = 1000;
const MAX_REGISTERED = 1000;
const MAX_PURPOSES = 100;
export const MAX_EXPRESSION_BYTES = 10 * 1024;
export const DEFAULT_PURPOSE = 'general';

type Members = Readonly<Record<string, unknown>>;

/**
 * Reads a schema file.
 * @param file what JSON.parse returned: {version, fields, expressions?, purposes?}
 * @throws {VaultOpenError} `schema_malformed`, with the place
 */
export function parseSchema(file: unknown): RecordSchema {
  const root = object(file, 'schema');
  only(root, ['version', 'fields', 'expressions', 'purposes'], 'schema');
  const version = root.version;
  demand(isCount(version, Number.MAX_SAFE_INTEGER), 'version must be a whole number from 1');
  const fields = parseFields(object(root.fields, 'fields'));
  const expressions = parseExpressions(object(root.expressions ?? {}, 'expressions'), fields);
  return new RecordSchema({ version, fields, expressions, purposes: parsePurposes(root.purposes) });
}

function parseFields(members: Members): Map<string, FieldDefinition> {
  const fields = new Map<string, FieldDefinition>();
  for (const [name, definition] of Object.entries(members)) {
    demand(isName(name) && !isReservedName(name), 'a field has an impossible or reserved name');
    fields.set(name, parseField(object(definition, `fields.${name}`), `fields.${name}`));
  }
  demand(fields.size >= 1 && fields.size <= MAX_FIELDS, `fields must have 1 to ${MAX_FIELDS} members`);
  for (const [name, { derived }] of fields) {
    if (derived === undefined) continue;
    const source = fields.get(derived.from);
    const fits = source?.type === 'digits' && source.derived === undefined && derived.from !== name;
    demand(
      fits && derived.last <= (source?.options.length ?? 0),
      `fields.${name}.derived has no such source`,
    );
    demand(fields.get(name)?.options.length === derived.last, `fields.${name}.derived must be of its length`);
  }
  return fields;
}

function parseField(members: Members, at: string): FieldDefinition {
  const { type, derived, ...rest } = members;
  const known = typeof type === 'string' && Object.hasOwn(FIELD_TYPES, type) ? FIELD_TYPES[type] : undefined;
  demand(typeof type === 'string' && known !== undefined, `${at}.type is not a type`);
  only(rest, Object.keys(known.options), at);
  const options: Record<string, number> = {};
  for (const [option, required] of Object.entries(known.options)) {
    const value = rest[option];
    if (value === undefined && !required) continue;
    const good = /ength$/.test(option) ? isCount(value, MAX_VALUE_BYTES) : Number.isSafeInteger(value);
    demand(typeof value === 'number' && good, `${at}.${option} is not usable`);
    options[option] = value;
  }
  const definition = { type, options: options as FieldOptions };
  if (derived === undefined) return definition;
  const { from, last, ...others } = object(derived, `${at}.derived`);
  only(others, [], `${at}.derived`);
  const good = type === 'digits' && typeof from === 'string' && isCount(last, MAX_VALUE_BYTES);
  demand(good, `${at}.derived is not usable`);
  return { ...definition, derived: { from, last } };
}

function parseExpressions(members: Members, fields: ReadonlyMap<string, unknown>): Map<string, string> {
  const expressions = new Map<string, string>();
  for (const [name, source] of Object.entries(members)) {
    demand(isName(name) && !isReservedName(name), 'an expression has an impossible or reserved name');
    demand(!fields.has(name), `expressions.${name} has the name of a field`);
    const at = `expressions.${name}`;
    demand(
      typeof source === 'string' && Buffer.byteLength(source) <= MAX_EXPRESSION_BYTES,
      `${at} is no text`,
    );
    // A misspelt field would be an earlier result to CEL, which the caller of a registered expression could supply.
    const used = usedBy(source, at);
    demand(
      [...used].every((field) => fields.has(field)),
      `${at} uses a name that is not a field`,
    );
    expressions.set(name, source);
  }
  demand(expressions.size <= MAX_REGISTERED, `expressions has more than ${MAX_REGISTERED} members`);
  return expressions;
}

function usedBy(source: string, at: string): ReadonlySet<string> {
  try {
    return references(source).fields;
  } catch (cause) {
    throw new VaultOpenError('schema_malformed', `${at} is not an expression`, { cause });
  }
}

function parsePurposes(value: unknown): readonly string[] {
  if (value === undefined) return [DEFAULT_PURPOSE];
  const good = Array.isArray(value) && value.length > 0 && value.length <= MAX_PURPOSES;
  demand(good && value.every(isPurpose), 'purposes must be a list of names');
  demand(new Set(value).size === value.length, 'purposes has a name twice');
  return [...value];
}

function object(value: unknown, at: string): Members {
  demand(typeof value === 'object' && value !== null && !Array.isArray(value), `${at} must be an object`);
  return value as Members;
}

function only(members: Members, known: readonly string[], at: string): void {
  demand(
    Object.keys(members).every((name) => known.includes(name)),
    `${at} has an unknown member`,
  );
}

function isCount(value: unknown, maximum: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= maximum;
}

function demand(good: boolean, message: string): asserts good {
  if (!good) throw new VaultOpenError('schema_malformed', message);
}
