// SPDX-License-Identifier: Apache-2.0
import type { PolicyDocument, Statement } from '@enclave-vault/policies';

/**
 * What may happen to the keys of a vault, and what a canary must come back with, in one run. The tests make each change in a
 * running KMS; docs/canaries.md shows it. A row names everything that is not good: what stays silent there, does not see it.
 */
export interface Mutation {
  readonly what: string;
  /** The policies as they are then. */
  readonly change?: (deployed: Deployed) => Partial<Deployed>;
  /** A grant that is made, with whatever policy that takes, before the policies are put back. */
  readonly grant?: boolean;
  /** By the names of readings: an outcome, or of a comparison and of grants what they name. */
  readonly sees: Readonly<Record<string, 'UnexpectedAllow' | 'CanaryError' | readonly string[]>>;
}

export type KeyName = 'vault' | 'request' | 'integrity' | 'legacy-1';
export type Deployed = Readonly<Record<KeyName, PolicyDocument>>;

/** Of the account whose keys they are. */
const ACCOUNT = '111122223333';
/** A role that key policies do not name. */
export const STRANGER = `arn:aws:iam::${ACCOUNT}:role/stranger`;
const OTHER_IMAGE = '0f'.repeat(48);

const only = (
  policy: PolicyDocument,
  keep: (one: Statement) => boolean,
  ...more: Statement[]
): PolicyDocument => {
  const kept = policy.Statement.filter(keep);
  return { ...policy, Statement: [...kept, ...more] };
};
const without = (policy: PolicyDocument, sids: RegExp, ...more: Statement[]): PolicyDocument =>
  only(policy, ({ Sid }) => !sids.test(Sid), ...more);
const changed = (policy: PolicyDocument, sid: string, members: Partial<Statement>): PolicyDocument => ({
  ...policy,
  Statement: policy.Statement.map((one) => (one.Sid === sid ? { ...one, ...members } : one)),
});
const allow = (Action: string | readonly string[], Principal: Statement['Principal'] = '*'): Statement => ({
  Sid: 'Hostile',
  Effect: 'Allow',
  Principal,
  Action,
  Resource: '*',
});
const register = (n: number, ...values: string[]): Partial<Statement> => ({
  Condition: { StringNotEqualsIgnoreCase: { [`kms:RecipientAttestation:PCR${n}`]: values } },
});
const pinned = (policy: PolicyDocument, n: number): readonly string[] =>
  policy.Statement.flatMap(
    ({ Condition }) => Condition?.StringNotEqualsIgnoreCase?.[`kms:RecipientAttestation:PCR${n}`] ?? [],
  );

const ATTESTATION = /^DenyWithoutPCR/;
const DECRYPTION = /^DenyWithoutPCR|^DenyDecryptByOthers$/;
const NETWORK = /^Deny(OutsideNetwork|OtherRegionsNetwork|OutsideEndpoint)$/;
const REGISTERS = [0, 1, 2, 3, 8, 16];
const missing = (...sids: string[]): readonly string[] => sids.map((sid) => `missing ${sid}`);
const NO_ATTESTATION = missing(...REGISTERS.map((n) => `DenyWithoutPCR${n}`));
const NO_NETWORK = missing('DenyOutsideNetwork', 'DenyOtherRegionsNetwork', 'DenyOutsideEndpoint');

/** What the KMS console writes after somebody's quick fix: the account may do everything, by identity policies. */
const consoleDefault = (): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [
    { ...allow('kms:*', { AWS: `arn:aws:iam::${ACCOUNT}:root` }), Sid: 'EnableIAMUserPermissions' },
  ],
});

export const MUTATIONS: readonly Mutation[] = [
  { what: 'nothing', sees: {} },
  {
    what: 'nothing but the form: statements in another order, lists of one as values',
    change: ({ vault }) => ({
      vault: {
        ...vault,
        Id: 'another',
        Statement: vault.Statement.toReversed().map((one) => ({
          ...one,
          Action: typeof one.Action === 'string' ? [one.Action] : (one.Action?.toReversed() ?? []),
        })),
      },
    }),
    sees: {},
  },
  ...REGISTERS.map(
    (n): Mutation => ({
      what: `the Deny for PCR${n} is gone`,
      change: ({ vault }) => ({ vault: without(vault, new RegExp(`^DenyWithoutPCR${n}$`)) }),
      sees: { 'vault.policy': missing(`DenyWithoutPCR${n}`) },
    }),
  ),
  {
    what: 'all Denies of attestation are gone',
    change: ({ vault }) => ({ vault: without(vault, ATTESTATION) }),
    sees: { 'parent.vault.decrypt': 'UnexpectedAllow', 'vault.policy': NO_ATTESTATION },
  },
  {
    what: 'the same of the request key',
    change: ({ request }) => ({ request: without(request, ATTESTATION) }),
    sees: { 'parent.request.decrypt': 'UnexpectedAllow', 'request.policy': NO_ATTESTATION },
  },
  {
    what: 'the same of a key of imported records',
    change: ({ 'legacy-1': legacy }) => ({ 'legacy-1': without(legacy, ATTESTATION) }),
    sees: { 'parent.legacy-1.decrypt': 'UnexpectedAllow', 'legacy-1.policy': NO_ATTESTATION },
  },
  {
    what: 'another image is admitted as well',
    change: ({ vault }) => ({
      vault: changed(vault, 'DenyWithoutPCR0', register(0, ...pinned(vault, 0), OTHER_IMAGE)),
    }),
    sees: { 'vault.policy': ['changed DenyWithoutPCR0'] },
  },
  {
    what: 'another image is admitted instead',
    change: ({ vault }) => ({ vault: changed(vault, 'DenyWithoutPCR0', register(0, OTHER_IMAGE)) }),
    sees: { 'vault.policy': ['changed DenyWithoutPCR0'], 'control.decrypt': 'CanaryError' },
  },
  {
    what: 'the Deny of decryption by others is gone',
    change: ({ vault }) => ({ vault: without(vault, /^DenyDecryptByOthers$/) }),
    sees: { 'vault.policy': missing('DenyDecryptByOthers') },
  },
  {
    what: 'no Deny of decryption is left, and nobody else has an Allow yet',
    change: ({ vault }) => ({ vault: without(vault, DECRYPTION) }),
    sees: {
      'vault.decrypt': 'CanaryError',
      'parent.vault.decrypt': 'UnexpectedAllow',
      'vault.policy': [...NO_ATTESTATION, ...missing('DenyDecryptByOthers')],
    },
  },
  {
    what: 'no Deny of decryption is left, and everybody has an Allow',
    change: ({ vault }) => ({ vault: without(vault, DECRYPTION, allow('kms:Decrypt')) }),
    sees: {
      'vault.decrypt': 'UnexpectedAllow',
      'parent.vault.decrypt': 'UnexpectedAllow',
      'vault.policy': [...NO_ATTESTATION, ...missing('DenyDecryptByOthers'), 'added Hostile'],
    },
  },
  {
    what: 'a role is added that may do everything, under all the Denies',
    change: ({ vault }) => ({ vault: without(vault, /^$/, allow('kms:*', { AWS: STRANGER })) }),
    sees: { 'vault.policy': ['added Hostile'] },
  },
  {
    what: 'a role is added that may decrypt, beside the instance’s',
    change: ({ vault }) => ({
      vault: changed(without(vault, /^$/, allow('kms:Decrypt', { AWS: STRANGER })), 'DenyDecryptByOthers', {
        Condition: { ArnNotEquals: { 'aws:PrincipalArn': [...decrypters(vault), STRANGER] } },
      }),
    }),
    sees: { 'vault.policy': ['added Hostile', 'changed DenyDecryptByOthers'] },
  },
  {
    what: 'the statement of the account is widened to everything',
    change: ({ vault }) => ({ vault: changed(vault, 'AllowAccountAdministration', { Action: 'kms:*' }) }),
    sees: { 'vault.policy': ['changed AllowAccountAdministration'] },
  },
  {
    what: 'a grant is made, and the policy put back',
    grant: true,
    sees: { 'vault.grants': ['grant Decrypt'] },
  },
  {
    what: 'grants may be made',
    change: ({ vault }) => ({ vault: without(vault, /^DenyGrants$/) }),
    sees: { 'vault.policy': missing('DenyGrants') },
  },
  {
    what: 'everybody may encrypt under the vault key',
    change: ({ vault }) => ({ vault: without(vault, /^DenyOtherUses$/, allow('kms:Encrypt')) }),
    sees: { 'vault.policy': [...missing('DenyOtherUses'), 'added Hostile'] },
  },
  {
    what: 'everybody may make key pairs of which he gets the private key (GenerateDataKeyPair)',
    change: ({ vault }) => ({ vault: without(vault, /^DenyOtherUses$/, allow('kms:GenerateDataKeyPair')) }),
    sees: { 'vault.policy': [...missing('DenyOtherUses'), 'added Hostile'] },
  },
  {
    what: 'everybody may make a record’s key pair, as the API does',
    change: ({ vault }) => ({
      vault: without(vault, /^DenyKeyPairsByOthers$/, allow('kms:GenerateDataKeyPairWithoutPlaintext')),
    }),
    sees: {
      'vault.make_pair': 'UnexpectedAllow',
      'vault.policy': [...missing('DenyKeyPairsByOthers'), 'added Hostile'],
    },
  },
  {
    what: 'everybody may make request keys, as the API does',
    change: ({ request }) => ({
      request: without(request, /^DenyDataKeysByOthers$/, allow('kms:GenerateDataKey')),
    }),
    sees: {
      'request.make_key': 'UnexpectedAllow',
      'request.policy': [...missing('DenyDataKeysByOthers'), 'added Hostile'],
    },
  },
  {
    what: 'a record’s id and tenant need not be in the context any more',
    change: ({ vault }) => ({ vault: without(vault, /^DenyWithout(VaultId|TenantId)$/) }),
    sees: { 'vault.policy': missing('DenyWithoutVaultId', 'DenyWithoutTenantId') },
  },
  {
    what: 'anything may be in the context beside them',
    change: ({ vault }) => ({ vault: without(vault, /^DenyOtherContext$/) }),
    sees: { 'vault.policy': missing('DenyOtherContext') },
  },
  {
    what: 'others may change the policy',
    change: ({ vault }) => ({ vault: without(vault, /^DenyControlByOthers$/) }),
    sees: { 'vault.policy': missing('DenyControlByOthers') },
  },
  {
    what: 'the vault key is open to other networks',
    change: ({ vault }) => ({ vault: without(vault, NETWORK) }),
    sees: { 'outside.vault.describe': 'UnexpectedAllow', 'vault.policy': NO_NETWORK },
  },
  {
    what: 'the request key is open to other networks',
    change: ({ request }) => ({ request: without(request, NETWORK) }),
    sees: { 'outside.request.describe': 'UnexpectedAllow', 'request.policy': NO_NETWORK },
  },
  {
    what: 'another network has taken the place of the vault’s',
    change: ({ vault }) => ({
      vault: changed(without(vault, /^DenyO(therRegionsNetwork|utsideEndpoint)$/), 'DenyOutsideNetwork', {
        Condition: { StringNotEquals: { 'aws:SourceVpc': 'vpc-0f' }, ArnNotLike: exempt(vault) },
      }),
    }),
    // Nobody in the vault’s network sees the key any more, its canary included.
    sees: {
      'vault.state': 'CanaryError',
      'vault.policy': 'CanaryError',
      'vault.grants': 'CanaryError',
      'control.decrypt': 'CanaryError',
    },
  },
  {
    what: 'all Denies are gone, the Allows are as they were',
    change: ({ vault }) => ({ vault: only(vault, ({ Effect }) => Effect === 'Allow') }),
    sees: {
      'vault.decrypt': 'CanaryError',
      'vault.make_pair': 'CanaryError',
      'outside.vault.decrypt': 'CanaryError',
      'outside.vault.describe': 'UnexpectedAllow',
      'parent.vault.decrypt': 'UnexpectedAllow',
      'vault.policy': ['missing …'],
    },
  },
  {
    what: 'the KMS console’s default takes the place of the vault key’s policy',
    change: () => ({ vault: consoleDefault() }),
    sees: {
      'vault.decrypt': 'UnexpectedAllow',
      'vault.make_pair': 'UnexpectedAllow',
      'outside.vault.decrypt': 'UnexpectedAllow',
      'outside.vault.describe': 'UnexpectedAllow',
      'parent.vault.decrypt': 'UnexpectedAllow',
      'vault.policy': ['missing …', 'added EnableIAMUserPermissions'],
    },
  },
  {
    what: 'the same of a key of imported records',
    change: () => ({ 'legacy-1': consoleDefault() }),
    sees: {
      'legacy-1.decrypt': 'UnexpectedAllow',
      'outside.legacy-1.decrypt': 'UnexpectedAllow',
      'outside.legacy-1.describe': 'UnexpectedAllow',
      'parent.legacy-1.decrypt': 'UnexpectedAllow',
      'legacy-1.policy': ['missing …', 'added EnableIAMUserPermissions'],
    },
  },
  {
    what: 'others may use the integrity key',
    change: ({ integrity }) => ({
      integrity: without(integrity, /^DenyUseByOthers$/, allow(['kms:Decrypt', 'kms:GenerateDataKey'])),
    }),
    sees: { 'integrity.policy': [...missing('DenyUseByOthers'), 'added Hostile'] },
  },
];

/** Whom the Deny of decryption by others leaves out, as the policy has it. */
function decrypters(policy: PolicyDocument): readonly string[] {
  const found = policy.Statement.find(({ Sid }) => Sid === 'DenyDecryptByOthers');
  return [found?.Condition?.ArnNotEquals?.['aws:PrincipalArn'] ?? []].flat();
}

/** Whom the vault's network does not bind, as the policy has it. */
function exempt(policy: PolicyDocument): NonNullable<Statement['Condition']>[string] {
  const found = policy.Statement.find(({ Sid }) => Sid === 'DenyOutsideNetwork');
  return found?.Condition?.ArnNotLike ?? {};
}
