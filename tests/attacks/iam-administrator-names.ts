// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import {
  DecryptCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import { evaluateRequest } from '@enclave-vault/emulator-iam';
import { breakGlassTrustPolicy, ROLES, type RoleId, serviceTrustPolicy } from '@enclave-vault/policies';
import type { Item } from '@enclave-vault/vault';
import { describe, expect, it } from 'vitest';
import { LOCAL } from '../../tools/admin/src/dev/deployment.ts';
import type { Documents } from '../support/documents.ts';
import type { GlassVault } from '../support/glass-vault.ts';
import { outcome, recipient } from '../support/kms-client.ts';
import { ANYTHING, arnOf, EVERYBODY, OPEN_TO_ALL, type TwinKms, typeOf } from '../support/twin-kms.ts';

/**
 * Actor: IAM administrator
 * Has: every right in IAM: he makes roles and users of any name, gives them policies that allow everything, and writes trust policies.
 * Wants: to be taken for one of the three roles that key policies name, or to take one of the vault's roles himself.
 * Cannot: pass by a name that resembles one, by a path, a letter's case, a user, a session or another account; take a role whose trust
 *   names a service.
 * Remains: who rewrites the trust of the instance's role, or makes a role of its very name, is that role: without an attested enclave it
 *   decrypts nothing (iam-administrator-kms.test.ts). With the API's he is the owner of the API. An organization's policies keep both
 *   from him (docs/organization.md), the trail tells of both.
 */
const { partition, account } = LOCAL;
const NAMED = { instance: LOCAL.roles.instance, api: LOCAL.roles.api, deployment: LOCAL.roles.deployment };
type Named = keyof typeof NAMED;

const VARIANTS: readonly (readonly [string, (name: string) => string])[] = [
  ['without its path', (name) => arnOf(`role/${name}`)],
  ['on another path', (name) => arnOf(`role/other/${LOCAL.name}/${name}`)],
  ['on a longer path', (name) => arnOf(`role/${LOCAL.name}/x/${name}`)],
  ['with a longer name', (name) => arnOf(`role/${LOCAL.name}/${name}2`)],
  ['with a shorter name', (name) => arnOf(`role/${LOCAL.name}/${name.slice(0, -1)}`)],
  ['in capitals', (name) => arnOf(`role/${LOCAL.name}/${name.toUpperCase()}`)],
  ['in another path’s case', (name) => arnOf(`role/${LOCAL.name.toUpperCase()}/${name}`)],
  ['as a user', (name) => arnOf(`user/${LOCAL.name}/${name}`)],
  ['as a session that calls itself so', (name) => `arn:${partition}:sts::${account}:assumed-role/x/${name}`],
  ['in another account', (name) => `arn:${partition}:iam::111122223333:role/${LOCAL.name}/${name}`],
  ['among service-linked roles', (name) => arnOf(`role/aws-service-role/kms.amazonaws.com/${name}`)],
];

/** For TwinKms: all of them, with every right. */
export const LOOK_ALIKES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(NAMED).flatMap((role) => {
    const name = NAMED[role as Named].split('/').at(-1) ?? '';
    return VARIANTS.map(([how, arn]) => [`${role} ${how}`, arn(name)]);
  }),
);

export interface Scene {
  readonly glass: GlassVault;
  /** With LOOK_ALIKES. */
  readonly twin: TwinKms;
  readonly documents: Documents;
  readonly record: Item;
}

/** A part of kms-administrator.test.ts, on its vault and its second KMS. */
export function describeNames(scene: () => Scene): void {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const EncryptionContext = () => ({ vault_id: String(scene().record._id), tenant_id: 'default' });

  /** What each role is for, tried as somebody. */
  const uses: Readonly<Record<Named, (who: string) => Promise<unknown>>> = {
    instance: (who) =>
      scene()
        .twin.as(who)
        .send(
          new DecryptCommand({
            KeyId: scene().glass.keys.vault,
            CiphertextBlob: scene().record._sk as Uint8Array,
            EncryptionContext: EncryptionContext(),
            Recipient: recipient(scene().documents.with({ publicKey: spki })),
          }),
        ),
    api: (who) =>
      scene()
        .twin.as(who)
        .send(
          new GenerateDataKeyPairWithoutPlaintextCommand({
            ...{ KeyId: scene().glass.keys.vault, KeyPairSpec: 'ECC_NIST_P384' },
            EncryptionContext: EncryptionContext(),
          }),
        ),
    deployment: (who) =>
      scene()
        .twin.as(who)
        .send(
          new PutKeyPolicyCommand({
            ...{ KeyId: scene().glass.keys.vault, Policy: JSON.stringify(OPEN_TO_ALL) },
            BypassPolicyLockoutSafetyCheck: false,
          }),
        ),
  };

  describe('roles of an IAM administrator’s making, with every right', () => {
    it('that have the very names can do what these are for: the others fail for their names', async () => {
      for (const role of ['instance', 'api'] as const)
        expect([role, (await outcome(uses[role](role))).name]).toEqual([role, 'answered']);
    });

    it.each(VARIANTS.map(([how]) => how))('%s are none of the vault’s', async (how) => {
      for (const role of Object.keys(NAMED) as Named[]) {
        const { name, message } = await outcome(uses[role](`${role} ${how}`));
        expect([role, name, message]).toEqual([
          role,
          'AccessDeniedException',
          expect.stringContaining('explicit deny in a resource-based policy'),
        ]);
      }
    });
  });

  describe('the roles of the vault', () => {
    const asked = (who: 'administrator' | 'user' | 'root', context: Record<string, string> = {}) => ({
      principal: { arn: EVERYBODY[who], account, type: typeOf(who) },
      action: 'sts:AssumeRole',
      resource: arnOf(`role/${LOCAL.name}/any`),
      resourceAccount: account,
      context,
    });

    it.each(Object.keys(ROLES) as RoleId[])('he does not take %s, with every right', (role) => {
      const trust =
        ROLES[role].assumedBy === 'people'
          ? breakGlassTrustPolicy(LOCAL, [arnOf('role/on-call'), arnOf('user/on-call')])
          : serviceTrustPolicy(LOCAL, role);
      const policies = {
        identity: [{ ...ANYTHING, Statement: [{ Effect: 'Allow' as const, Action: '*', Resource: '*' }] }],
        resource: trust,
        resourceMode: 'required' as const,
      };
      for (const who of ['administrator', 'user', 'root'] as const)
        expect([
          who,
          evaluateRequest(asked(who, { 'aws:MultiFactorAuthPresent': 'true' }), policies).allowed,
        ]).toEqual([who, false]);
    });
  });
}
