// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { keyArn } from '../arns.ts';
import { authorizeAccount } from '../authorize.ts';
import { KmsError } from '../errors.ts';
import { checkKeyPolicy, defaultKeyPolicy } from '../key-policy.ts';
import { operation } from '../operation.ts';
import { boolean, list, optional, structure, text } from '../shapes.ts';
import { KEY_SPECS, type KeySpec, usageOf } from '../specs.ts';
import { newMaterial, withKey } from '../state/changes.ts';
import type { KmsKey, Tag } from '../state/model.ts';
import { keyMetadata, policyText } from './key-metadata.ts';

/** Enough for one machine; AWS has 100,000. */
const MAX_KEYS = 1000;
const MAX_TAGS = 50;

const name = optional(text({ min: 1, max: 128 }));

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html, for symmetric encryption and ECDSA keys. */
export const createKey = operation(
  {
    Policy: optional(policyText),
    Description: optional(text({ max: 8192 })),
    KeyUsage: name,
    CustomerMasterKeySpec: name,
    KeySpec: name,
    Origin: name,
    CustomKeyStoreId: name,
    BypassPolicyLockoutSafetyCheck: optional(boolean),
    Tags: optional(
      list(structure({ TagKey: text({ min: 1, max: 128 }), TagValue: text({ max: 256 }) }), 0, 200),
    ),
    MultiRegion: optional(boolean),
    XksKeyId: name,
  },
  {
    logged: ({
      Description,
      Tags,
      BypassPolicyLockoutSafetyCheck,
      KeySpec,
      CustomerMasterKeySpec,
      KeyUsage,
    }) => ({
      description: Description ?? '',
      keySpec: KeySpec ?? CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT',
      keyUsage: KeyUsage ?? 'ENCRYPT_DECRYPT',
      origin: 'AWS_KMS',
      multiRegion: false,
      bypassPolicyLockoutSafetyCheck: BypassPolicyLockoutSafetyCheck ?? false,
      tags: Tags ?? [],
    }),
    async run(call, input) {
      const { service, now } = call;
      const bypass = input.BypassPolicyLockoutSafetyCheck ?? false;
      const tags = checkTags(input.Tags ?? []);
      const traits = {
        'kms:KeySpec': input.KeySpec ?? input.CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT',
        'kms:KeyUsage': input.KeyUsage ?? 'ENCRYPT_DECRYPT',
        'kms:KeyOrigin': input.Origin ?? 'AWS_KMS',
        'kms:MultiRegion': String(input.MultiRegion ?? false),
      };
      authorizeAccount(call, {
        ...traits,
        'kms:BypassPolicyLockoutSafetyCheck': String(bypass),
        ...Object.fromEntries(tags.map(({ TagKey, TagValue }) => [`aws:RequestTag/${TagKey}`, TagValue])),
        ...(tags.length > 0 ? { 'aws:TagKeys': tags.map(({ TagKey }) => TagKey) } : {}),
      });
      const spec = specOf(traits['kms:KeySpec'], traits['kms:KeyUsage']);
      const offered =
        spec !== null && traits['kms:KeyOrigin'] === 'AWS_KMS' && traits['kms:MultiRegion'] === 'false';
      if (!offered || input.CustomKeyStoreId !== undefined || input.XksKeyId !== undefined) {
        throw new KmsError(
          'UnsupportedOperationException',
          'Only single-Region keys of origin AWS_KMS for symmetric encryption or ECDSA on P-256 and P-384 are offered.',
        );
      }
      if (service.store.current.keys.size >= MAX_KEYS) {
        throw new KmsError('LimitExceededException', `There are ${MAX_KEYS} keys already.`);
      }
      const id = randomUUID();
      const arn = keyArn(service, id);
      const policy = input.Policy ?? defaultKeyPolicy(service);
      const key: KmsKey = {
        id,
        spec,
        description: input.Description ?? '',
        createdAt: now,
        state: 'Enabled',
        deletionAt: null,
        policyText: policy,
        policy: checkKeyPolicy(call, arn, policy, traits, bypass),
        tags,
        grants: [],
        rotation: null,
        materials: [newMaterial('CREATED', now, spec)],
      };
      call.resources.add(arn);
      await service.store.update((state) => [withKey(state, key), undefined]);
      return { KeyMetadata: keyMetadata(service, key) };
    },
  },
);

/** Null for what AWS offers and the emulator does not. @throws {KmsError} ValidationException for what does not go together */
function specOf(spec: string, usage: string): KeySpec | null {
  const known = KEY_SPECS.find((name) => name === spec);
  if (known === undefined || (known !== 'SYMMETRIC_DEFAULT' && usage === 'KEY_AGREEMENT')) return null;
  if (usageOf(known) === usage) return known;
  throw new KmsError(
    'ValidationException',
    `KeyUsage ${usage.slice(0, 32)} is not compatible with KeySpec ${known}`,
  );
}

function checkTags(tags: readonly Tag[]): readonly Tag[] {
  if (tags.length > MAX_TAGS) throw new KmsError('TagException', `A key has at most ${MAX_TAGS} tags.`);
  const keys = new Set(tags.map(({ TagKey }) => TagKey));
  if (keys.size !== tags.length) throw new KmsError('TagException', 'Duplicate tag keys');
  if (tags.some(({ TagKey }) => /^aws:/i.test(TagKey))) {
    throw new KmsError('TagException', 'Tag keys that begin with aws: are reserved');
  }
  return tags;
}
