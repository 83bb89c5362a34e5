// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { KmsError } from '../errors.ts';
import { principalExists } from '../key-policy.ts';
import { operation } from '../operation.ts';
import { boolean, list, oneOf, optional, structure, text, textMap } from '../shapes.ts';
import { GRANTED, type Grant } from '../state/model.ts';
import { timestamp } from './key-metadata.ts';
import { change, managedKey } from './key-state.ts';
import { requireNotPendingDeletion } from './keys-in-use.ts';
import { paginate } from './lists.ts';
import { endDryRun, keyId, limit, marker } from './members.ts';

/** Enough for one machine; AWS has 50,000. */
const MAX_GRANTS = 1_000;
const principal = text({ min: 1, max: 256 });
const grantId = text({ min: 1, max: 128 });

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html; a grant counts at once. */
export const createGrant = operation(
  {
    KeyId: keyId,
    GranteePrincipal: principal,
    RetiringPrincipal: optional(principal),
    Operations: list(oneOf(...GRANTED), 1, GRANTED.length),
    Constraints: optional(
      structure({ EncryptionContextSubset: optional(textMap), EncryptionContextEquals: optional(textMap) }),
    ),
    Name: optional(text({ min: 1, max: 256 })),
    DryRun: optional(boolean),
  },
  {
    logged: ({ KeyId, GranteePrincipal, Operations }) => ({
      keyId: KeyId,
      granteePrincipal: GranteePrincipal,
      operations: Operations,
    }),
    async run(call, input) {
      const { EncryptionContextSubset: subset, EncryptionContextEquals: equals } = input.Constraints ?? {};
      const constraints = [
        ...(subset === undefined ? [] : ['EncryptionContextSubset']),
        ...(equals === undefined ? [] : ['EncryptionContextEquals']),
      ];
      const resolved = managedKey(call, input.KeyId, {
        'kms:GranteePrincipal': input.GranteePrincipal,
        'kms:GrantOperations': input.Operations,
        'kms:GrantIsForAWSResource': 'false',
        ...(constraints.length === 0 ? {} : { 'kms:GrantConstraintType': constraints }),
      });
      requireNotPendingDeletion(resolved);
      for (const named of [input.GranteePrincipal, input.RetiringPrincipal])
        if (named !== undefined && !principalExists(call.service, named))
          throw new KmsError('InvalidArnException', 'A principal of the grant is not valid.');
      endDryRun(input.DryRun);
      const grant: Grant = {
        id: randomBytes(32).toString('hex'),
        grantee: input.GranteePrincipal,
        retiring: input.RetiringPrincipal ?? null,
        operations: input.Operations,
        subset: subset === undefined ? null : Object.fromEntries(subset),
        equals: equals === undefined ? null : Object.fromEntries(equals),
        name: input.Name ?? null,
        createdAt: call.now,
        issuer: call.principal.arn,
      };
      await change(call, resolved, (key) => {
        if (key.grants.length >= MAX_GRANTS)
          throw new KmsError('LimitExceededException', `The key has ${MAX_GRANTS} grants already.`);
        return { ...key, grants: [...key.grants, grant] };
      });
      // The emulator reads no grant tokens: its grants count at once.
      return { GrantId: grant.id, GrantToken: randomBytes(96).toString('base64') };
    },
  },
);

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_ListGrants.html */
export const listGrants = operation(
  {
    KeyId: keyId,
    GrantId: optional(grantId),
    GranteePrincipal: optional(principal),
    Limit: limit,
    Marker: marker,
  },
  {
    readOnly: true,
    logged: ({ KeyId }) => ({ keyId: KeyId }),
    run(call, input) {
      const { key, arn } = managedKey(call, input.KeyId);
      const { GrantId, GranteePrincipal } = input;
      const wanted = key.grants.filter(
        ({ id, grantee }) =>
          (GrantId === undefined || id === GrantId) &&
          (GranteePrincipal === undefined || grantee === GranteePrincipal),
      );
      const { page, rest } = paginate(wanted, ({ id }) => id, input);
      return { Grants: page.map((grant) => shown(grant, arn)), ...rest };
    },
  },
);

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_RevokeGrant.html */
export const revokeGrant = operation(
  { KeyId: keyId, GrantId: grantId, DryRun: optional(boolean) },
  {
    logged: ({ KeyId, GrantId }) => ({ keyId: KeyId, grantId: GrantId }),
    async run(call, input) {
      const resolved = managedKey(call, input.KeyId);
      if (!resolved.key.grants.some(({ id }) => id === input.GrantId))
        throw new KmsError('NotFoundException', 'The grant is not found.');
      endDryRun(input.DryRun);
      await change(call, resolved, (key) => ({
        ...key,
        grants: key.grants.filter(({ id }) => id !== input.GrantId),
      }));
      return {};
    },
  },
);

function shown(grant: Grant, KeyId: string): object {
  const { subset, equals, retiring, name } = grant;
  const Constraints = {
    ...(subset === null ? {} : { EncryptionContextSubset: subset }),
    ...(equals === null ? {} : { EncryptionContextEquals: equals }),
  };
  return {
    KeyId,
    GrantId: grant.id,
    CreationDate: timestamp(grant.createdAt),
    GranteePrincipal: grant.grantee,
    IssuingAccount: grant.issuer,
    Operations: grant.operations,
    ...(retiring === null ? {} : { RetiringPrincipal: retiring }),
    ...(name === null ? {} : { Name: name }),
    ...(Object.keys(Constraints).length === 0 ? {} : { Constraints }),
  };
}
