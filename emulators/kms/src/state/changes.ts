// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { type KeySpec, signingOf } from '../specs.ts';
import type { Alias, KeyMaterial, KmsKey, State } from './model.ts';

const DAY_MS = 86_400_000;

/** A state with a key added or replaced. */
export function withKey(state: State, key: KmsKey): State {
  return { ...state, keys: new Map(state.keys).set(key.id, key) };
}

/** A state with an alias added or replaced. */
export function withAlias(state: State, alias: Alias): State {
  return { ...state, aliases: new Map(state.aliases).set(alias.name, alias) };
}

export function withoutAlias(state: State, name: string): State {
  const aliases = new Map(state.aliases);
  aliases.delete(name);
  return { ...state, aliases };
}

/** A state without the keys whose waiting period is over: their material and aliases are gone for good. */
export function withoutExpiredKeys(state: State, now: number): State {
  const keys = new Map([...state.keys].filter(([, key]) => key.deletionAt === null || key.deletionAt > now));
  if (keys.size === state.keys.size) return state;
  const aliases = new Map([...state.aliases].filter(([, alias]) => keys.has(alias.keyId)));
  return { ...state, keys, aliases };
}

export function newMaterial(
  origin: KeyMaterial['origin'],
  now: number,
  spec: KeySpec = 'SYMMETRIC_DEFAULT',
): KeyMaterial {
  return { id: randomBytes(32).toString('hex'), bytes: newBytes(spec), createdAt: now, origin };
}

function newBytes(spec: KeySpec): Buffer {
  const signing = signingOf(spec);
  if (signing === null) return randomBytes(32);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: signing.curve });
  return privateKey.export({ format: 'der', type: 'pkcs8' });
}

/** A key with new material in front; an automatic rotation also sets the date of the next one. */
export function rotated(key: KmsKey, origin: 'AUTOMATIC' | 'ON_DEMAND', now: number): KmsKey {
  const rotation =
    key.rotation !== null && origin === 'AUTOMATIC'
      ? { ...key.rotation, nextAt: now + key.rotation.periodDays * DAY_MS }
      : key.rotation;
  return { ...key, rotation, materials: [...key.materials, newMaterial(origin, now)] };
}

/** Automatic rotation happens at the first use for encryption after its date. */
export function isRotationDue({ rotation }: KmsKey, now: number): boolean {
  return rotation !== null && rotation.nextAt <= now;
}

/** @param days whole days */
export function daysFrom(now: number, days: number): number {
  return now + days * DAY_MS;
}
