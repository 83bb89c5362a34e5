// SPDX-License-Identifier: Apache-2.0
import { aliasArn, keyArn, presentState, resolveKeyId } from '../arns.ts';
import { authorizeAccount, authorizeKey } from '../authorize.ts';
import { KmsError } from '../errors.ts';
import { operation } from '../operation.ts';
import { optional } from '../shapes.ts';
import { timestamp } from './key-metadata.ts';
import { keyId, limit, marker } from './members.ts';

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html */
export const listKeys = operation(
  { Limit: limit, Marker: marker },
  {
    readOnly: true,
    logged: ({ Limit }) => ({ ...(Limit === undefined ? {} : { limit: Limit }) }),
    run(call, input) {
      authorizeAccount(call);
      const ids = [...presentState(call.service).keys.keys()].sort();
      const { page, rest } = paginate(ids, (id) => id, input);
      return {
        Keys: page.map((id) => ({ KeyId: id, KeyArn: keyArn(call.service, id) })),
        ...rest,
      };
    },
  },
);

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html */
export const listAliases = operation(
  { KeyId: optional(keyId), Limit: limit, Marker: marker },
  {
    readOnly: true,
    logged: ({ KeyId, Limit }) => ({
      ...(KeyId === undefined ? {} : { keyId: KeyId }),
      ...(Limit === undefined ? {} : { limit: Limit }),
    }),
    run(call, input) {
      authorizeAccount(call);
      const only = input.KeyId === undefined ? null : resolveKeyId(call.service, input.KeyId).key.id;
      const aliases = [...presentState(call.service).aliases.values()]
        .filter((alias) => only === null || alias.keyId === only)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const { page, rest } = paginate(aliases, (alias) => alias.name, input);
      return {
        Aliases: page.map((alias) => ({
          AliasName: alias.name,
          AliasArn: aliasArn(call.service, alias.name),
          TargetKeyId: alias.keyId,
          CreationDate: timestamp(alias.createdAt),
          LastUpdatedDate: timestamp(alias.updatedAt),
        })),
        ...rest,
      };
    },
  },
);

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_ListResourceTags.html; tags are given at creation. */
export const listResourceTags = operation(
  { KeyId: keyId, Limit: limit, Marker: marker },
  {
    readOnly: true,
    logged: ({ KeyId }) => ({ keyId: KeyId }),
    run(call, input) {
      const resolved = resolveKeyId(call.service, input.KeyId);
      authorizeKey(call, resolved);
      const { page, rest } = paginate(resolved.key.tags, (tag) => tag.TagKey, input);
      return { Tags: page, ...rest };
    },
  },
);

/** A page after the entry that the marker names. @throws {KmsError} InvalidMarkerException */
export function paginate<T>(
  entries: readonly T[],
  nameOf: (entry: T) => string,
  input: { readonly Limit: number | undefined; readonly Marker: string | undefined },
): { page: readonly T[]; rest: object } {
  const { Limit: size = 100, Marker } = input;
  let start = 0;
  if (Marker !== undefined) {
    const last = Buffer.from(Marker, 'base64url').toString();
    start = entries.findIndex((entry) => nameOf(entry) === last) + 1;
    if (start === 0) throw new KmsError('InvalidMarkerException', 'The marker is not valid.');
  }
  const page = entries.slice(start, start + size);
  const last = page.at(-1);
  if (last === undefined || start + size >= entries.length) return { page, rest: { Truncated: false } };
  return { page, rest: { Truncated: true, NextMarker: Buffer.from(nameOf(last)).toString('base64url') } };
}
