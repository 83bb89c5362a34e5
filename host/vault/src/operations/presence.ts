// SPDX-License-Identifier: Apache-2.0
import type { Core } from '../core.ts';
import type { Context } from '../principal.ts';
import { loadRecord } from '../records/load.ts';
import { demand } from './authorize.ts';
import { checkFieldNames } from './field-names.ts';

export interface Presence {
  readonly rev: number;
  /** Whether each field holds a value. Has no prototype: `constructor` is a name like any other. */
  readonly fields: Readonly<Record<string, boolean>>;
}

/**
 * Which fields hold a value.
 * @param names undefined: all fields of the schema that the principal is not narrowed away from
 * @throws {VaultError}
 */
export async function presence(
  core: Core,
  context: Context,
  id: string,
  names: readonly string[] | undefined,
): Promise<Presence> {
  const { principal } = context;
  const scope = 'vaults:read';
  await demand(core, context, { scope }, id);
  const allowed = [...core.schema.fields.keys()].filter((name) => principal.fields?.has(name) ?? true);
  const asked = names === undefined ? allowed : checkFieldNames(names, core.schema.fields);
  await demand(core, context, { scope, fields: asked }, id);
  const record = await loadRecord(core, principal.tenant, id);
  const fields: Record<string, boolean> = Object.create(null);
  for (const name of asked) fields[name] = record.fields.has(name);
  return { rev: record.rev, fields };
}
