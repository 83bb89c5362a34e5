// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey } from 'node:crypto';
import type { PolicyDocument } from '@enclave-vault/emulator-iam';
import { StartError } from '../errors.ts';
import { KEY_SPECS, type KeySpec, signingOf } from '../specs.ts';
import {
  type Alias,
  GRANTED,
  type Grant,
  type KeyMaterial,
  type KmsKey,
  type State,
  type Tag,
} from './model.ts';

/** The state as JSON text: {version, region, account, authority, keys, aliases}, key material in base64. */
export function encodeState(state: State): string {
  return JSON.stringify({
    version: 1,
    region: state.region,
    account: state.account,
    authority: state.authority,
    keys: [...state.keys.values()].map(({ policy: _, materials, ...key }) => ({
      ...key,
      materials: materials.map((material) => ({ ...material, bytes: material.bytes.toString('base64') })),
    })),
    aliases: [...state.aliases.values()],
  });
}

/**
 * Reads what {@link encodeState} wrote. Every member is checked: a key read wrongly would be written back wrongly, and
 * with it go the records it wraps.
 * @throws {StartError} state_corrupt
 */
export function decodeState(text: string): State {
  const root = object(json(text));
  if (root.version !== 1) throw corrupt('version');
  const keys = array(root.keys).map(decodeKey);
  const aliases = array(root.aliases).map(decodeAlias);
  const authority = object(root.authority);
  const state: State = {
    region: string(root.region),
    account: string(root.account),
    authority: {
      certificate: string(authority.certificate),
      privateKey: string(authority.privateKey),
    },
    keys: new Map(keys.map((key) => [key.id, key])),
    aliases: new Map(aliases.map((alias) => [alias.name, alias])),
  };
  if (state.keys.size !== keys.length || state.aliases.size !== aliases.length) throw corrupt('duplicate');
  if (!aliases.every((alias) => state.keys.has(alias.keyId))) throw corrupt('alias');
  return state;
}

function decodeKey(value: unknown): KmsKey {
  const key = object(value);
  const state = key.state;
  if (state !== 'Enabled' && state !== 'Disabled' && state !== 'PendingDeletion') throw corrupt('key state');
  const deletionAt = key.deletionAt === null ? null : number(key.deletionAt);
  if ((deletionAt !== null) !== (state === 'PendingDeletion')) throw corrupt('key deletion');
  const spec = decodeSpec(key.spec);
  const materials = array(key.materials).map((material) => decodeMaterial(material, spec));
  if (materials.length === 0) throw corrupt('key material');
  if (spec !== 'SYMMETRIC_DEFAULT' && materials.length > 1) throw corrupt('key material');
  const rotation = key.rotation === null ? null : object(key.rotation);
  const policyText = string(key.policyText);
  return {
    id: string(key.id),
    spec,
    description: string(key.description),
    createdAt: number(key.createdAt),
    state,
    deletionAt,
    policyText,
    // Validated when it was put.
    policy: object(json(policyText)) as unknown as PolicyDocument,
    tags: array(key.tags).map(decodeTag),
    // Files of before there were grants have none.
    grants: array(key.grants ?? []).map(decodeGrant),
    rotation:
      rotation === null ? null : { periodDays: number(rotation.periodDays), nextAt: number(rotation.nextAt) },
    materials,
  };
}

/** Files of before there were keys that sign name no kind. */
function decodeSpec(value: unknown): KeySpec {
  const spec = KEY_SPECS.find((known) => known === (value ?? 'SYMMETRIC_DEFAULT'));
  if (spec === undefined) throw corrupt('key spec');
  return spec;
}

function decodeMaterial(value: unknown, spec: KeySpec): KeyMaterial {
  const material = object(value);
  const origin = material.origin;
  if (origin !== 'CREATED' && origin !== 'AUTOMATIC' && origin !== 'ON_DEMAND') throw corrupt('origin');
  const bytes = Buffer.from(string(material.bytes), 'base64');
  if (!isMaterialOf(spec, bytes)) throw corrupt('key material');
  return { id: string(material.id), bytes, createdAt: number(material.createdAt), origin };
}

function isMaterialOf(spec: KeySpec, bytes: Buffer): boolean {
  const signing = signingOf(spec);
  if (signing === null) return bytes.length === 32;
  try {
    const key = createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' });
    return key.asymmetricKeyDetails?.namedCurve === signing.curve;
  } catch {
    return false;
  }
}

function decodeTag(value: unknown): Tag {
  const tag = object(value);
  return { TagKey: string(tag.TagKey), TagValue: string(tag.TagValue) };
}

function decodeGrant(value: unknown): Grant {
  const grant = object(value);
  const operations = array(grant.operations).map((name) => {
    const known = GRANTED.find((one) => one === name);
    if (known === undefined) throw corrupt('grant');
    return known;
  });
  return {
    id: string(grant.id),
    grantee: string(grant.grantee),
    retiring: nullable(grant.retiring, string),
    operations,
    subset: nullable(grant.subset, pairs),
    equals: nullable(grant.equals, pairs),
    name: nullable(grant.name, string),
    createdAt: number(grant.createdAt),
    issuer: string(grant.issuer),
  };
}

function nullable<T>(value: unknown, read: (value: unknown) => T): T | null {
  return value === null ? null : read(value);
}

function pairs(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(object(value)).map(([name, text]) => [name, string(text)]));
}

function decodeAlias(value: unknown): Alias {
  const alias = object(value);
  return {
    name: string(alias.name),
    keyId: string(alias.keyId),
    createdAt: number(alias.createdAt),
    updatedAt: number(alias.updatedAt),
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would quote the file.
    throw corrupt('not JSON');
  }
}

function object(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw corrupt('not an object');
  return value as Record<string, unknown>;
}

function array(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw corrupt('not a list');
  return value;
}

function string(value: unknown): string {
  if (typeof value !== 'string') throw corrupt('not a string');
  return value;
}

function number(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw corrupt('not a number');
  return value;
}

function corrupt(what: string): StartError {
  return new StartError('state_corrupt', `the KMS state file is damaged (${what}); it was left as it is`);
}
