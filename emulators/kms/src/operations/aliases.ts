// SPDX-License-Identifier: Apache-2.0
import { aliasArn, type ResolvedKey, resolveKeyId } from '../arns.ts';
import { authorizeAlias, authorizeKey } from '../authorize.ts';
import { KmsError } from '../errors.ts';
import { operation } from '../operation.ts';
import type { Call } from '../service.ts';
import { text } from '../shapes.ts';
import { withAlias, withoutAlias } from '../state/changes.ts';
import type { State } from '../state/model.ts';
import { requireNotPendingDeletion } from './keys-in-use.ts';
import { keyId } from './members.ts';

/** Aliases of one key (KMS Developer Guide, "Quotas"). */
const MAX_ALIASES = 50;

const aliasName = text({ min: 1, max: 256, pattern: /^[a-zA-Z0-9:/_-]+$/ });
const target = { AliasName: aliasName, TargetKeyId: keyId };
const logged = (input: { readonly AliasName: string; readonly TargetKeyId: string }) => ({
  aliasName: input.AliasName,
  targetKeyId: input.TargetKeyId,
});

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html */
export const createAlias = operation(target, {
  logged,
  async run(call, { AliasName: name, TargetKeyId }) {
    checkName(name);
    const resolved = authorizeTarget(call, name, TargetKeyId);
    await call.service.store.update((state) => {
      if (state.aliases.has(name)) {
        const arn = aliasArn(call.service, name);
        throw new KmsError('AlreadyExistsException', `An alias with the name ${arn} already exists`);
      }
      const alias = { name, keyId: resolved.key.id, createdAt: call.now, updatedAt: call.now };
      checkRoom(state, resolved);
      return [withAlias(state, alias), undefined];
    });
    return {};
  },
});

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdateAlias.html */
export const updateAlias = operation(target, {
  logged,
  async run(call, { AliasName: name, TargetKeyId }) {
    checkName(name);
    const resolved = authorizeTarget(call, name, TargetKeyId);
    await call.service.store.update((state) => {
      const alias = existing(call, state, name);
      checkRoom(state, resolved);
      return [withAlias(state, { ...alias, keyId: resolved.key.id, updatedAt: call.now }), undefined];
    });
    return {};
  },
});

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_DeleteAlias.html */
export const deleteAlias = operation(
  { AliasName: aliasName },
  {
    logged: ({ AliasName }) => ({ aliasName: AliasName }),
    async run(call, { AliasName: name }) {
      checkName(name);
      authorizeAlias(call, name);
      const { keyId: id } = existing(call, call.service.store.current, name);
      authorizeKey(call, resolveKeyId(call.service, id));
      await call.service.store.update((state) => [
        withoutAlias(state, existing(call, state, name).name),
        undefined,
      ]);
      return {};
    },
  },
);

/** The caller needs the permission on the alias and on the key (KMS Developer Guide, "Controlling access to aliases"). */
function authorizeTarget(call: Call, name: string, keyName: string): ResolvedKey {
  if (/^(arn:[^/]*:)?alias\//.test(keyName)) {
    throw new KmsError('ValidationException', 'Aliases must refer to keys. Not aliases');
  }
  const resolved = resolveKeyId(call.service, keyName);
  authorizeAlias(call, name);
  authorizeKey(call, resolved);
  requireNotPendingDeletion(resolved);
  return resolved;
}

function existing(call: Call, state: State, name: string) {
  const alias = state.aliases.get(name);
  if (alias === undefined) {
    throw new KmsError('NotFoundException', `Alias ${aliasArn(call.service, name)} is not found.`);
  }
  return alias;
}

function checkName(name: string): void {
  if (!/^alias\/./.test(name)) {
    throw new KmsError(
      'ValidationException',
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    );
  }
  if (name.startsWith('alias/aws/')) {
    throw new KmsError('InvalidAliasNameException', 'Aliases that begin with alias/aws/ are reserved.');
  }
}

function checkRoom(state: State, { key }: ResolvedKey): void {
  const aliases = [...state.aliases.values()].filter((alias) => alias.keyId === key.id);
  if (aliases.length >= MAX_ALIASES) {
    throw new KmsError('LimitExceededException', `A key has at most ${MAX_ALIASES} aliases.`);
  }
}
