// SPDX-License-Identifier: Apache-2.0
import type { ContextValues } from '../../emulators/iam/src/index.ts';
import type { Measurements } from '../src/index.ts';
import { attested, encryptionContext, NEW, OLD, type Place, type Who } from './support.ts';

/**
 * One request and its answer: `allow`; the Sid of the Deny that refuses it; or the kind of policy in which an Allow is
 * missing (`identity`: the key policy would delegate; `resource`: it does not).
 */
export interface Cell {
  readonly who: Who;
  readonly place: Place;
  readonly action: string;
  readonly context: ContextValues;
  readonly answer: string;
  readonly why: string;
}

export type Row = readonly [
  who: Who,
  place: Place,
  action: string,
  context: ContextValues,
  answer: string,
  why?: string,
];

export const cells = (rows: readonly Row[]): Cell[] =>
  rows.map(([who, place, action, context, answer, why = '']) => ({
    who,
    place,
    action: `kms:${action}`,
    context,
    answer,
    why,
  }));

const READING = [
  'DescribeKey',
  'GetKeyPolicy',
  'GetKeyRotationStatus',
  'GetPublicKey',
  'ListGrants',
  'ListKeyPolicies',
  'ListKeyRotations',
  'ListResourceTags',
] as const;
const CONTROL = ['DisableKey', 'DisableKeyRotation', 'PutKeyPolicy', 'ScheduleKeyDeletion'] as const;
const ADMINISTRATION = [
  'CancelKeyDeletion',
  'CreateAlias',
  'DeleteAlias',
  'DescribeKey',
  'EnableKey',
  'EnableKeyRotation',
  'GetKeyPolicy',
  'GetKeyRotationStatus',
  'GetPublicKey',
  'ListGrants',
  'ListKeyPolicies',
  'ListKeyRotations',
  'ListResourceTags',
  'RevokeGrant',
  'RotateKeyOnDemand',
  'TagResource',
  'UntagResource',
  'UpdateAlias',
  'UpdateKeyDescription',
] as const;

/** Requests that every key answers alike. */
export const COMMON: readonly Cell[] = cells([
  ...ADMINISTRATION.map((action): Row => ['admin', 'inside', action, {}, 'allow']),
  ...ADMINISTRATION.map((action): Row => ['deployment', 'outside', action, {}, 'allow']),
  ...CONTROL.flatMap((action): Row[] => [
    ['deployment', 'outside', action, {}, 'allow', 'CloudFormation'],
    ['breakGlass', 'outside', action, {}, 'allow', 'an emergency'],
    ['admin', 'inside', action, {}, 'DenyControlByOthers'],
    ['api', 'inside', action, {}, 'DenyControlByOthers', 'a taken API cannot open the key to itself'],
    ['instance', 'inside', action, {}, 'DenyControlByOthers', 'nor a taken parent'],
    ['root', 'inside', action, {}, 'DenyControlByOthers', 'not even root'],
  ]),
  ...READING.map((action): Row => ['deployer', 'outside', action, {}, 'allow', 'the deploy command']),
  ['deployer', 'outside', 'PutKeyPolicy', {}, 'DenyControlByOthers'],
  ['deployer', 'inside', 'EnableKey', {}, 'DenyDeployersButReading', 'through CloudFormation only'],
  ['deployer', 'outside', 'TagResource', {}, 'DenyDeployersButReading'],
  ['deployment', 'forwarded', 'PutKeyPolicy', {}, 'allow', 'called by CloudFormation'],
  ['deployment', 'outside', 'PutKeyPolicy', { 'kms:BypassPolicyLockoutSafetyCheck': 'false' }, 'allow'],
  [
    'deployment',
    'outside',
    'PutKeyPolicy',
    { 'kms:BypassPolicyLockoutSafetyCheck': 'true' },
    'DenyLockoutBypass',
  ],
  [
    'breakGlass',
    'outside',
    'PutKeyPolicy',
    { 'kms:BypassPolicyLockoutSafetyCheck': 'true' },
    'DenyLockoutBypass',
  ],
  ['breakGlass', 'outside', 'UpdatePrimaryRegion', {}, 'allow'],
  ['deployment', 'outside', 'UpdatePrimaryRegion', {}, 'DenyPrimaryRegionChangeByOthers'],
  ['deployment', 'outside', 'ReplicateKey', { 'kms:ReplicaRegion': 'eu-west-1' }, 'DenyReplication'],
  ['breakGlass', 'outside', 'ReplicateKey', { 'kms:ReplicaRegion': 'eu-west-1' }, 'DenyReplication'],
  ['admin', 'inside', 'CreateGrant', {}, 'DenyGrants'],
  ['deployment', 'outside', 'CreateGrant', { 'kms:GrantIsForAWSResource': 'true' }, 'DenyGrants'],
  ['api', 'inside', 'ReEncryptFrom', {}, 'DenyReEncryption'],
  ['deployment', 'outside', 'ReEncryptTo', {}, 'DenyReEncryption'],

  ['admin', 'outside', 'DescribeKey', {}, 'DenyOutsideNetwork'],
  ['admin', 'otherVpc', 'DescribeKey', {}, 'DenyOutsideNetwork'],
  ['admin', 'otherEndpoint', 'DescribeKey', {}, 'DenyOutsideEndpoint'],
  ['admin', 'otherRegion', 'DescribeKey', {}, 'DenyOtherRegionsNetwork'],
  ['admin', 'withoutArn', 'DescribeKey', {}, 'allow', 'the id decides'],
  ['breakGlass', 'otherRegion', 'DescribeKey', {}, 'allow'],
  ['deployment', 'otherRegion', 'DescribeKey', {}, 'allow'],
  ['serviceLinked', 'otherRegion', 'DescribeKey', {}, 'allow'],
  ['deployer', 'otherRegion', 'DescribeKey', {}, 'allow'],
  ['admin', 'forwarded', 'DescribeKey', {}, 'DenyOutsideNetwork', 'no service opens a way around'],
  ['tagged', 'outside', 'DescribeKey', {}, 'DenyOutsideNetwork', 'no tag does'],
  ['tagged', 'otherEndpoint', 'DescribeKey', {}, 'DenyOutsideEndpoint'],
  ['tagged', 'inside', 'DescribeKey', {}, 'allow'],
  ['root', 'outside', 'DescribeKey', {}, 'DenyOutsideNetwork'],
  ['root', 'inside', 'DescribeKey', {}, 'allow'],
  ['breakGlass', 'otherVpc', 'DescribeKey', {}, 'allow', 'an emergency may begin anywhere'],
  ['serviceLinked', 'outside', 'DescribeKey', {}, 'allow', 'AWS Config, Access Analyzer'],
  ['serviceLinked', 'outside', 'PutKeyPolicy', {}, 'DenyControlByOthers'],
  ['stranger', 'inside', 'DescribeKey', {}, 'DenyOtherAccounts'],
  ['service', 'inside', 'DescribeKey', {}, 'DenyOtherAccounts', 'no service has business with the key'],

  ['api', 'inside', 'DescribeKey', {}, 'identity'],
  ['instance', 'inside', 'GetKeyPolicy', {}, 'identity'],
  ['instance', 'inside', 'GetParametersForImport', {}, 'resource', 'nothing but what is listed'],
  ['deployment', 'outside', 'ImportKeyMaterial', {}, 'resource'],
  ['deployment', 'outside', 'DeriveSharedSecret', {}, 'resource'],
]);

/** Uses that a key is not for, by those most likely to try them. */
const otherUses = (...uses: readonly string[]): Row[] =>
  uses.flatMap((use): Row[] => [
    ['api', 'inside', use, {}, 'DenyOtherUses'],
    ['deployment', 'outside', use, {}, 'DenyOtherUses'],
    ['breakGlass', 'outside', use, {}, 'DenyOtherUses'],
  ]);

const REGISTERS = [
  'pcr0',
  'pcr1',
  'pcr2',
  'pcr3',
  'pcr8',
  'pcr16',
] as const satisfies readonly (keyof Measurements)[];

const SHOUTED = Object.fromEntries(REGISTERS.map((register) => [register, OLD[register].toUpperCase()]));

/** kms:Decrypt of a key that only the attested enclave decrypts. @param context condition keys of the right encryption context */
const enclaveOnly = (context: ContextValues): Row[] => [
  ['instance', 'inside', 'Decrypt', { ...context, ...attested(OLD) }, 'allow'],
  ['instance', 'inside', 'Decrypt', { ...context, ...attested(NEW) }, 'allow', 'two images during a rollout'],
  ['instance', 'inside', 'Decrypt', context, 'DenyWithoutPCR0', 'no attestation document'],
  ['instance', 'inside', 'Decrypt', { ...context, ...attested(SHOUTED) }, 'allow', 'hex has no case'],
  ...REGISTERS.flatMap((register): Row[] => {
    const sid = `DenyWithout${register.toUpperCase()}`;
    const { [register]: _, ...missing } = OLD;
    return [
      [
        'instance',
        'inside',
        'Decrypt',
        { ...context, ...attested({ ...OLD, [register]: '7'.repeat(96) }) },
        sid,
      ],
      [
        'instance',
        'inside',
        'Decrypt',
        { ...context, ...attested({ ...OLD, [register]: '0'.repeat(96) }) },
        sid,
        'debug mode',
      ],
      [
        'instance',
        'inside',
        'Decrypt',
        { ...context, ...attested(missing) },
        sid,
        'a document without the register',
      ],
    ];
  }),
  [
    'api',
    'inside',
    'Decrypt',
    { ...context, ...attested(OLD) },
    'DenyDecryptByOthers',
    'a document of the right program is not enough',
  ],
  ['admin', 'inside', 'Decrypt', { ...context, ...attested(OLD) }, 'DenyDecryptByOthers'],
  ['deployment', 'outside', 'Decrypt', { ...context, ...attested(OLD) }, 'DenyDecryptByOthers'],
  ['breakGlass', 'outside', 'Decrypt', { ...context, ...attested(OLD) }, 'DenyDecryptByOthers'],
  ['root', 'inside', 'Decrypt', { ...context, ...attested(OLD) }, 'DenyDecryptByOthers'],
  ['stranger', 'inside', 'Decrypt', { ...context, ...attested(OLD) }, 'DenyDecryptByOthers'],
  [
    'instance',
    'outside',
    'Decrypt',
    { ...context, ...attested(OLD) },
    'DenyOutsideNetwork',
    'stolen credentials, replayed document',
  ],
  ['instance', 'otherEndpoint', 'Decrypt', { ...context, ...attested(OLD) }, 'DenyOutsideEndpoint'],
];

const RECORD = { vault_id: 'v_01HV1XW70Q03PHK892JFQAY0Z5', tenant_id: 'default' };
const record = encryptionContext(RECORD);
const P384 = { 'kms:DataKeyPairSpec': 'ECC_NIST_P384' };

/** Encryption contexts that belong to no record. */
const WRONG_RECORDS: readonly (readonly [context: Readonly<Record<string, string>>, sid: string])[] = [
  [{}, 'DenyWithoutVaultId'],
  [{ tenant_id: 'default' }, 'DenyWithoutVaultId'],
  [{ vault_id: '', tenant_id: 'default' }, 'DenyWithoutVaultId'],
  [{ vault_id: 'enclave-request/1', tenant_id: 'default' }, 'DenyWithoutVaultId'],
  [{ vault_id: 'v_1' }, 'DenyWithoutTenantId'],
  [{ vault_id: 'v_1', tenant_id: '' }, 'DenyWithoutTenantId'],
  [{ ...RECORD, purpose: 'other' }, 'DenyOtherContext'],
  [{ VAULT_ID: 'v_1', TENANT_ID: 'default' }, 'DenyOtherContext'],
];

export const VAULT_CELLS: readonly Cell[] = [
  ...COMMON,
  ...cells([
    ...enclaveOnly(record),
    ['api', 'inside', 'GenerateDataKeyPairWithoutPlaintext', { ...record, ...P384 }, 'allow'],
    ['api', 'outside', 'GenerateDataKeyPairWithoutPlaintext', { ...record, ...P384 }, 'DenyOutsideNetwork'],
    [
      'instance',
      'inside',
      'GenerateDataKeyPairWithoutPlaintext',
      { ...record, ...P384 },
      'DenyKeyPairsByOthers',
      'a parent cannot swap a key pair',
    ],
    [
      'admin',
      'inside',
      'GenerateDataKeyPairWithoutPlaintext',
      { ...record, ...P384 },
      'DenyKeyPairsByOthers',
    ],
    [
      'deployment',
      'outside',
      'GenerateDataKeyPairWithoutPlaintext',
      { ...record, ...P384 },
      'DenyKeyPairsByOthers',
    ],
    ['api', 'inside', 'GenerateDataKeyPairWithoutPlaintext', record, 'DenyOtherKeyPairSpecs'],
    [
      'api',
      'inside',
      'GenerateDataKeyPairWithoutPlaintext',
      { ...record, 'kms:DataKeyPairSpec': 'RSA_2048' },
      'DenyOtherKeyPairSpecs',
    ],
    ...WRONG_RECORDS.flatMap(([context, sid]): Row[] => [
      [
        'api',
        'inside',
        'GenerateDataKeyPairWithoutPlaintext',
        { ...encryptionContext(context), ...P384 },
        sid,
      ],
      ['instance', 'inside', 'Decrypt', { ...encryptionContext(context), ...attested(OLD) }, sid],
    ]),
    ...otherUses('Encrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'GenerateDataKeyPair'),
  ]),
];

export const LEGACY_CELLS: readonly Cell[] = [
  ...COMMON,
  ...cells([
    ...enclaveOnly({}),
    ...otherUses(
      'Encrypt',
      'GenerateDataKey',
      'GenerateDataKeyWithoutPlaintext',
      'GenerateDataKeyPair',
      'GenerateDataKeyPairWithoutPlaintext',
    ),
  ]),
];

const request = encryptionContext({ purpose: 'enclave-request/1' });
const WRONG_PURPOSES: readonly (readonly [context: Readonly<Record<string, string>>, sid: string])[] = [
  [{}, 'DenyOtherPurposes'],
  [{ purpose: 'other/1' }, 'DenyOtherPurposes'],
  [{ ...RECORD }, 'DenyOtherPurposes'],
];

export const REQUEST_CELLS: readonly Cell[] = [
  ...COMMON,
  ...cells([
    ...enclaveOnly(request),
    ['api', 'inside', 'GenerateDataKey', request, 'allow'],
    ['api', 'outside', 'GenerateDataKey', request, 'DenyOutsideNetwork'],
    [
      'instance',
      'inside',
      'GenerateDataKey',
      request,
      'DenyDataKeysByOthers',
      'a parent cannot ask for decryptions of its own',
    ],
    ['admin', 'inside', 'GenerateDataKey', request, 'DenyDataKeysByOthers'],
    ['deployment', 'outside', 'GenerateDataKey', request, 'DenyDataKeysByOthers'],
    ...(
      [
        ...WRONG_PURPOSES,
        [{ purpose: 'enclave-request/10' }, 'DenyOtherPurposes'],
        [{ purpose: 'enclave-request/1', tenant: 'a' }, 'DenyOtherContext'],
        [{ Purpose: 'enclave-request/1' }, 'DenyOtherContext'],
      ] as const
    ).flatMap(([context, sid]): Row[] => [
      ['api', 'inside', 'GenerateDataKey', encryptionContext(context), sid],
      ['instance', 'inside', 'Decrypt', { ...encryptionContext(context), ...attested(OLD) }, sid],
    ]),
    ...otherUses(
      'Encrypt',
      'GenerateDataKeyWithoutPlaintext',
      'GenerateDataKeyPair',
      'GenerateDataKeyPairWithoutPlaintext',
    ),
  ]),
];

const integrity = encryptionContext({ purpose: 'integrity/record' });
const INTEGRITY_USES = ['Decrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext'] as const;

export const INTEGRITY_CELLS: readonly Cell[] = [
  ...COMMON,
  ...cells([
    ...INTEGRITY_USES.flatMap((use): Row[] => [
      ['api', 'inside', use, integrity, 'allow'],
      ['api', 'outside', use, integrity, 'DenyOutsideNetwork'],
      ['api', 'otherEndpoint', use, integrity, 'DenyOutsideEndpoint'],
      [
        'instance',
        'inside',
        use,
        { ...integrity, ...attested(OLD) },
        'DenyUseByOthers',
        'not even the enclave',
      ],
      ['admin', 'inside', use, integrity, 'DenyUseByOthers'],
      ['deployment', 'outside', use, integrity, 'DenyUseByOthers'],
      ['breakGlass', 'outside', use, integrity, 'DenyUseByOthers'],
      ['root', 'inside', use, integrity, 'DenyUseByOthers'],
      ...(
        [
          ...WRONG_PURPOSES,
          [{ purpose: 'integrity/' }, 'DenyOtherPurposes'],
          [{ purpose: 'integrity/record', tenant: 'a' }, 'DenyOtherContext'],
          [{ PURPOSE: 'integrity/record' }, 'DenyOtherContext'],
        ] as const
      ).map(([context, sid]): Row => ['api', 'inside', use, encryptionContext(context), sid]),
    ]),
    ...otherUses('Encrypt', 'GenerateDataKeyPair', 'GenerateDataKeyPairWithoutPlaintext'),
  ]),
];

/** Without measurements nobody decrypts, whatever he attests. @param key cells of the same key with measurements */
export const unmeasured = (key: readonly Cell[]): readonly Cell[] =>
  key.map((cell) =>
    cell.action === 'kms:Decrypt' ? { ...cell, answer: 'DenyDecryptBeforeMeasurements' } : cell,
  );
