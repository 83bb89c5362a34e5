// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Problem } from '../problems.ts';
import type { Workspace } from './model.ts';

const SCHEMA = join(import.meta.dirname, '../../schema/threat-composer-v1.schema.json');
/** More than a person reads at once. */
const MOST = 20;

let compiled: ValidateFunction<Workspace> | undefined;

function compile(): ValidateFunction<Workspace> {
  // The pattern beside it says more than the format would, which the schema has for brainstorms only.
  const ajv = new Ajv2020({ allErrors: true, strict: true, formats: { 'date-time': true } });
  return ajv.compile<Workspace>(JSON.parse(readFileSync(SCHEMA, 'utf8')));
}

/** Reads a workspace that the published schema takes; else what is wrong, one line a place. */
export function readWorkspace(text: string): Workspace | readonly Problem[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : 'no JSON';
    return [{ code: 'workspace_unreadable', at: 'the file', what: why }];
  }
  compiled ??= compile();
  const valid = compiled;
  if (valid(value)) return value;
  const places = Map.groupBy(valid.errors ?? [], ({ instancePath }) => instancePath);
  return [...places].slice(0, MOST).map(([path, errors]) => ({
    code: 'schema_violation',
    at: path === '' ? '/' : path,
    what: [...new Set(errors.map(wordsOf))].join('; '),
  }));
}

function wordsOf({ message = 'is wrong', params }: ErrorObject): string {
  const extra: unknown = params.additionalProperty ?? params.missingProperty;
  return typeof extra === 'string' && !message.includes(extra) ? `${message} (${extra})` : message;
}
