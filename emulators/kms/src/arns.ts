// SPDX-License-Identifier: Apache-2.0
import { KmsError } from './errors.ts';
import type { Service } from './service.ts';
import { withoutExpiredKeys } from './state/changes.ts';
import type { KmsKey, State } from './state/model.ts';

export function keyArn(service: Service, keyId: string): string {
  return `${prefix(service)}:key/${keyId}`;
}

/** @param name with its prefix `alias/` */
export function aliasArn(service: Service, name: string): string {
  return `${prefix(service)}:${name}`;
}

/** A key as a caller named it. */
export interface ResolvedKey {
  readonly key: KmsKey;
  readonly arn: string;
  /** Set when it was named by an alias: kms:RequestAlias. */
  readonly requestAlias: string | undefined;
}

/**
 * Finds a key by id, key ARN, alias name or alias ARN.
 * @throws {KmsError} NotFoundException, InvalidArnException
 */
export function resolveKey(service: Service, name: string): ResolvedKey {
  const local = localName(service, name);
  const state = service.store.current;
  if (!local.startsWith('alias/')) {
    return { ...findKey(service, state, local), requestAlias: undefined };
  }
  const alias = state.aliases.get(local);
  if (alias === undefined) {
    throw new KmsError('NotFoundException', `Alias ${aliasArn(service, local)} is not found.`);
  }
  return { ...findKey(service, state, alias.keyId), requestAlias: local };
}

/**
 * Finds a key by id or key ARN: the operations that manage keys take no alias.
 * @throws {KmsError} NotFoundException, InvalidArnException
 */
export function resolveKeyId(service: Service, name: string): ResolvedKey {
  const local = localName(service, name);
  if (local.startsWith('alias/'))
    throw new KmsError('NotFoundException', 'Invalid keyId: an alias is not taken here');
  return { ...findKey(service, service.store.current, local), requestAlias: undefined };
}

/** The state without keys whose waiting period is over, whether or not their bytes were removed already. */
export function presentState({ store, clock }: Service): State {
  return withoutExpiredKeys(store.current, clock());
}

/** A key of the given state, as changes inside StateStore.update need it. @throws {KmsError} NotFoundException */
export function keyOf(service: Service, state: State, keyId: string): KmsKey {
  return findKey(service, state, keyId).key;
}

function findKey(service: Service, state: State, keyId: string): { key: KmsKey; arn: string } {
  const arn = keyArn(service, keyId);
  const key = state.keys.get(keyId);
  if (key === undefined || (key.deletionAt !== null && key.deletionAt <= service.clock())) {
    throw new KmsError('NotFoundException', `Key '${arn}' does not exist`);
  }
  return { key, arn };
}

/** Key id or alias name of this account and region. */
function localName(service: Service, name: string): string {
  if (!name.startsWith('arn:')) {
    if (/^(alias\/)?[a-zA-Z0-9:/_-]+$/.test(name)) return name;
    throw new KmsError('NotFoundException', 'Invalid keyId');
  }
  const parts = name.split(':');
  const resource = parts.slice(5).join(':');
  if (parts.length < 6 || parts[2] !== 'kms' || !/^(key|alias)\/./.test(resource)) {
    throw new KmsError('InvalidArnException', 'Invalid arn');
  }
  if (parts[3] !== service.config.region) throw new KmsError('NotFoundException', `Invalid arn ${parts[3]}`);
  if (parts.slice(0, 5).join(':') !== prefix(service)) {
    throw new KmsError('NotFoundException', 'Key does not exist');
  }
  return resource.startsWith('key/') ? resource.slice('key/'.length) : resource;
}

function prefix({ partition, config }: Service): string {
  return `arn:${partition}:kms:${config.region}:${config.account}`;
}
