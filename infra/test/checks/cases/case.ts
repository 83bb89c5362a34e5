// SPDX-License-Identifier: Apache-2.0
import { document, type MutableTemplate, type sound, soundRoles } from '../sound.ts';

export interface Case {
  readonly check: string;
  readonly title: string;
  /** Resource that is named. */
  readonly resource: string;
  /** In the reason. */
  readonly reason: string;
  readonly change: (template: MutableTemplate) => void;
  readonly of?: typeof sound;
}

export type Change = Case['change'];
export const add =
  (Type: string, Properties: object = {}): Change =>
  ({ Resources }) => {
    Resources.Added = { Type, Properties };
  };

/** Sets a property, named by its path, of a resource; without a value, takes it out. */
export const set =
  (id: string, path: string, value?: unknown): Change =>
  ({ Resources }) => {
    const names = `${id}.Properties.${path}`.split('.');
    const last = names.pop() as string;
    const owner = names.reduce<Record<string, never>>((one, name) => one[name] as never, Resources as never);
    if (value === undefined) delete owner[last];
    else (owner as Record<string, unknown>)[last] = value;
  };

export const on = (
  check: string,
  resource: string,
  ...cases: readonly (readonly [title: string, reason: string, change: Change])[]
): readonly Case[] => cases.map(([title, reason, change]) => ({ check, resource, title, reason, change }));

export const statement = (change: object) =>
  set(
    'Rights',
    'PolicyDocument',
    document({ Sid: 'A', Effect: 'Allow', Action: 'sts:X', Resource: '*', ...change }),
  );

export const roles = (cases: readonly Case[]): readonly Case[] =>
  cases.map((one) => ({ ...one, of: soundRoles }));
