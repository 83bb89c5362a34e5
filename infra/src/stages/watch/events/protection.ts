// SPDX-License-Identifier: Apache-2.0
import { prefix, refusedOn, type WatchEvent } from './event.ts';

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
        names: [
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
        ],
        where: [{ 'resources.ARN': keys.map((suffix) => ({ suffix })) }, refusedOn(vaultKeys)],
      },
    ],
  },
  {
    id: 'code-signing',
    what: 'Code signing, or who may call a function, was changed',
    region: 'home',
    deployment: true,
    why: 'Functions run signed code only, and only the gateway calls the API: whoever invokes it himself writes the caller’s identity.',
    todo: 'Outside of a deployment: compare the function’s code signing configuration and policy with the template, and the code’s digest with the release.',
    calls: ({ name, functions }) => [
      {
        source: 'lambda.amazonaws.com',
        names: ['DeleteCodeSigningConfig*', 'UpdateCodeSigningConfig*'],
        where: [{}],
      },
      {
        source: 'lambda.amazonaws.com',
        // Records have the version of the API behind the name: UpdateFunctionCode20150331v2.
        names: [
          'AddPermission*',
          'CreateFunctionUrlConfig*',
          'DeleteFunctionCodeSigningConfig*',
          'PutFunctionCodeSigningConfig*',
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
