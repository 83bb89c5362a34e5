// SPDX-License-Identifier: Apache-2.0
import { prefix, refusedOn, type WatchEvent } from './event.ts';

/** Calls that change what a key protects. */
export const KEY_CHANGES = [
  'CancelKeyDeletion',
  'CreateGrant',
  'DeleteImportedKeyMaterial',
  'DisableKey',
  'DisableKeyRotation',
  'EnableKey',
  'ImportKeyMaterial',
  'PutKeyPolicy',
  'ReplicateKey',
  'ScheduleKeyDeletion',
  'UpdatePrimaryRegion',
] as const;

/** What decides who decrypts: keys, code, roles. */
export const PROTECTION_EVENTS: readonly WatchEvent[] = [
  {
    id: 'keys',
    what: 'A key, its policy or its grants were changed, or somebody tried',
    region: 'anywhere',
    deployment: true,
    why: 'The key policy is what decides that only the attested enclave decrypts. Whoever changes it can in the end decrypt.',
    todo: 'Who did it, and does a deployment or an approved rollout explain it? If not: deploy again, which writes the generated policies back, and follow every Decrypt since in the trail.',
    calls: ({ keys, vaultKeys }) => [
      {
        source: 'kms.amazonaws.com',
        names: KEY_CHANGES,
        where: [{ 'resources.ARN': keys.map((suffix) => ({ suffix })) }, refusedOn(vaultKeys)],
      },
    ],
  },
  {
    id: 'legacy-keys',
    what: 'A legacy key, its policy or its grants were changed',
    region: 'home',
    deployment: false,
    why: 'It still unwraps the imported records’ keys, and its policy is its owner’s to write.',
    todo: 'Compare the policy with the one printed at the last deployment; the AWS sample’s pipeline, if it still runs, writes its own.',
    when: ({ legacyKeys }) => legacyKeys.length > 0,
    calls: ({ legacyKeys }) => [
      {
        source: 'kms.amazonaws.com',
        names: KEY_CHANGES,
        where: [{ 'resources.ARN': legacyKeys.map((suffix) => ({ suffix })) }],
      },
    ],
  },
  {
    id: 'code-signing',
    what: 'Code signing, a function, or who may call it was changed',
    region: 'home',
    deployment: true,
    why: 'Functions run signed code only, and only the gateway calls the API: whoever invokes it himself writes the caller’s identity. No signature covers a function’s variables, and Node.js runs what NODE_OPTIONS says.',
    todo: 'Outside of a deployment: compare the function’s variables, code signing configuration, alias and policy with the template, and the code’s digest with the release.',
    calls: ({ name, functions }) => [
      {
        source: 'lambda.amazonaws.com',
        // A new one may be lax, and a new function be under it.
        names: ['CreateCodeSigningConfig*', 'DeleteCodeSigningConfig*', 'UpdateCodeSigningConfig*'],
        where: [{}],
      },
      {
        source: 'lambda.amazonaws.com',
        // Records have the version of the API behind the name: UpdateFunctionCode20150331v2.
        names: [
          'AddPermission*',
          'CreateFunction*',
          'DeleteFunctionCodeSigningConfig*',
          'PutFunctionCodeSigningConfig*',
          'UpdateAlias*',
          'UpdateFunctionCode*',
          'UpdateFunctionConfiguration*',
          'UpdateFunctionUrlConfig*',
        ],
        where: [{ 'requestParameters.functionName': [prefix(`${name}-`), prefix(functions)] }],
      },
      {
        source: 'signer.amazonaws.com',
        names: [
          'AddProfilePermission',
          'CancelSigningProfile',
          'PutSigningProfile',
          'RemoveProfilePermission',
          'RevokeSignature',
          'RevokeSigningProfile',
        ],
        where: [{}],
      },
    ],
  },
  {
    id: 'roles',
    what: 'A role of the vault, its boundary, its trust or its permissions were changed',
    region: 'global',
    deployment: true,
    why: 'Boundaries are what keeps each part to its own; a role’s trust says who may be it.',
    todo: 'Outside of a deployment: compare boundary, trust and policies with the templates of controllers, identities and the role’s stack.',
    calls: ({ name, policies }) => [
      {
        source: 'iam.amazonaws.com',
        where: [
          { 'requestParameters.roleName': [prefix(`${name}-`)] },
          { 'requestParameters.policyArn': [prefix(policies)] },
          { 'requestParameters.instanceProfileName': [prefix(`${name}-`)] },
        ],
      },
    ],
  },
];
