// SPDX-License-Identifier: Apache-2.0
import {
  type Deployment,
  dataKeyPolicy,
  integrityKeyPolicy,
  legacyKeyPolicy,
  type Measurements,
  type PolicyDocument,
  requestKeyPolicy,
  vaultKeyPolicy,
} from '@enclave-vault/policies';
import { describe, expect, test } from 'vitest';
import { evaluateRequest } from '../../emulators/iam/src/index.ts';
import { EXAMPLE_MEASUREMENTS } from '../src/example.ts';
import { namesOf } from '../src/names.ts';
import { DATA } from '../src/stages/data.ts';
import { legacyKeyPolicies } from '../src/stages/keys/legacy.ts';
import { keysReplicaStage } from '../src/stages/keys/replica.ts';
import { KEYS } from '../src/stages/keys.ts';
import { NETWORK } from '../src/stages/network.ts';
import { configOf, knownOf, ofType, resourceOf, synthesize } from './support/known.ts';

const REPLICA = 'eu-west-1';
const config = configOf({ replicaRegions: [REPLICA] });
const { roles } = namesOf(config);
const place: Deployment = {
  partition: 'aws',
  account: config.account,
  region: config.region,
  name: 'vault',
  network: { vpcId: `vpc-${'1'.repeat(17)}`, vpceId: `vpce-${'1'.repeat(17)}` },
  roles,
  replicaRegions: [REPLICA],
  deployers: config.deployers,
};
const keys = (measurements: Measurements | null) =>
  synthesize(KEYS, knownOf(config, [NETWORK], measurements));
const policyOf = (template: ReturnType<typeof keys>, id: string): PolicyDocument =>
  resourceOf(template, id).Properties?.KeyPolicy as PolicyDocument;

const other = (measurements: Measurements): Measurements =>
  Object.fromEntries(
    Object.keys(measurements).map((register, index) => [register, [String(index + 1).repeat(96)]]),
  ) as unknown as Measurements;
const NEW = other(EXAMPLE_MEASUREMENTS);
const BOTH = Object.fromEntries(
  Object.entries(EXAMPLE_MEASUREMENTS).map(([register, values]) => [
    register,
    [...values, ...NEW[register as keyof Measurements]],
  ]),
) as unknown as Measurements;

const CONTEXTS = {
  VaultKey: { vault_id: 'v_01HV1XW70Q03PHK892JFQAY0Z5', tenant_id: 'default' },
  RequestKey: { purpose: 'enclave-request/1' },
} as const;

/** Does an enclave that measures so get an answer of this key, with the instance role's session, in our VPC? */
function decrypts(policy: PolicyDocument, id: keyof typeof CONTEXTS, measured: Measurements): string {
  const context = CONTEXTS[id];
  const decision = evaluateRequest(
    {
      principal: { arn: roles.instance, type: 'role', account: config.account },
      action: 'kms:Decrypt',
      resource: `arn:aws:kms:eu-central-1:${config.account}:key/mrk-1`,
      resourceAccount: config.account,
      context: {
        'aws:SourceVpc': place.network.vpcId,
        'aws:SourceVpce': place.network.vpceId ?? '',
        'kms:EncryptionContextKeys': Object.keys(context),
        ...Object.fromEntries(
          Object.entries(context).map(([key, value]) => [`kms:EncryptionContext:${key}`, value]),
        ),
        ...Object.fromEntries(
          Object.entries(measured).map(([register, values]) => [
            `kms:RecipientAttestation:${register.toUpperCase()}`,
            values,
          ]),
        ),
      },
    },
    {
      identity: [
        {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*' }],
        },
      ],
      resource: policy,
    },
  );
  return decision.allowed ? 'allow' : (decision.decidedBy?.sid ?? 'nothing');
}

describe('keys of the vault', () => {
  test('have the policies that are proved, byte for byte', () => {
    const template = keys(EXAMPLE_MEASUREMENTS);
    expect(policyOf(template, 'VaultKey')).toEqual(vaultKeyPolicy(place, EXAMPLE_MEASUREMENTS));
    expect(policyOf(template, 'RequestKey')).toEqual(requestKeyPolicy(place, EXAMPLE_MEASUREMENTS));
    expect(policyOf(template, 'IntegrityKey')).toEqual(integrityKeyPolicy(place));
  });

  test.each(['VaultKey', 'RequestKey', 'IntegrityKey'])('%s is multi-Region, rotates and stays', (id) => {
    expect(resourceOf(keys(null), id)).toMatchObject({
      Type: 'AWS::KMS::Key',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        MultiRegion: true,
        EnableKeyRotation: true,
        KeySpec: 'SYMMETRIC_DEFAULT',
        KeyUsage: 'ENCRYPT_DECRYPT',
        PendingWindowInDays: 30,
      },
    });
  });

  test.each(['ChannelServerKey', 'ChannelClientKey'])('%s signs with P-384 and stays', (id) => {
    const { Properties, ...rest } = resourceOf(keys(null), id);
    expect(rest).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(Properties).toMatchObject({
      KeySpec: 'ECC_NIST_P384',
      KeyUsage: 'SIGN_VERIFY',
      MultiRegion: false,
    });
    // KMS refuses it for a key pair.
    expect(Properties).not.toHaveProperty('EnableKeyRotation');
  });

  test('never ask KMS to skip its check against lock-outs, and have an alias each', () => {
    const template = keys(null);
    expect(JSON.stringify(template)).not.toContain('"BypassPolicyLockoutSafetyCheck"');
    const aliases = ofType(template, 'AWS::KMS::Alias');
    expect(aliases.map(([, { Properties }]) => Properties?.AliasName).toSorted()).toEqual(
      ['channel-client', 'channel-server', 'integrity', 'request', 'vault'].map(
        (key) => `alias/vault/${key}`,
      ),
    );
    expect(aliases.map(([, { DeletionPolicy }]) => DeletionPolicy)).toEqual(aliases.map(() => 'Retain'));
    expect(Object.values(template.Resources).length).toBe(10);
  });

  test.each(['VaultKey', 'RequestKey'] as const)(
    '%s is shut in the first deployment, whatever is attested',
    (id) => {
      const policy = policyOf(keys(null), id);
      expect(decrypts(policy, id, EXAMPLE_MEASUREMENTS)).toBe('DenyDecryptBeforeMeasurements');
      expect(decrypts(policy, id, NEW)).toBe('DenyDecryptBeforeMeasurements');
    },
  );

  test.each(['VaultKey', 'RequestKey'] as const)('%s admits old and new side by side, then one', (id) => {
    const admitted = (admits: Measurements) => {
      const policy = policyOf(keys(admits), id);
      return [decrypts(policy, id, EXAMPLE_MEASUREMENTS), decrypts(policy, id, NEW)];
    };
    expect(admitted(EXAMPLE_MEASUREMENTS)).toEqual(['allow', 'DenyWithoutPCR0']);
    expect(admitted(BOTH)).toEqual(['allow', 'allow']);
    expect(admitted(NEW)).toEqual(['DenyWithoutPCR0', 'allow']);
  });
});

describe('keys in a replica Region', () => {
  const stages = [NETWORK, KEYS, DATA];
  const stage = keysReplicaStage(REPLICA);
  const replica = (changes = {}, measurements: Measurements | null = EXAMPLE_MEASUREMENTS) =>
    synthesize(stage, knownOf(configOf({ replicaRegions: [REPLICA], ...changes }), stages, measurements));
  const there = { ...place, region: REPLICA, replicaRegions: [], network: null };
  const network = { vpcId: `vpc-${'9'.repeat(17)}`, vpceId: `vpce-${'9'.repeat(17)}` };

  test('replicate the four multi-Region keys, and stay', () => {
    const template = replica();
    const keys = ofType(template, 'AWS::KMS::ReplicaKey');
    expect(keys.map(([id]) => id)).toEqual(['VaultKey', 'RequestKey', 'IntegrityKey', 'DataKey']);
    for (const [, { Properties, DeletionPolicy, UpdateReplacePolicy }] of keys) {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
      expect(Properties?.PendingWindowInDays).toBe(30);
      expect(Properties?.PrimaryKeyArn).toMatch(/^arn:aws:kms:eu-central-1:111122223333:key\/mrk-/);
    }
    const primaries = keys.map(([, { Properties }]) => Properties?.PrimaryKeyArn);
    expect(new Set(primaries).size).toBe(4);
  });

  test('have the same policies, made for the Region', () => {
    const template = replica();
    expect(policyOf(template, 'VaultKey')).toEqual(vaultKeyPolicy(there, EXAMPLE_MEASUREMENTS));
    expect(policyOf(template, 'RequestKey')).toEqual(requestKeyPolicy(there, EXAMPLE_MEASUREMENTS));
    expect(policyOf(template, 'IntegrityKey')).toEqual(integrityKeyPolicy(there));
    expect(policyOf(template, 'DataKey')).toEqual(
      dataKeyPolicy(there, 'vault-records', '/vault/audit-heads'),
    );
  });

  test('let nobody in before there is a network, and the network of the Region alone afterwards', () => {
    const before = policyOf(replica(), 'VaultKey');
    expect(decrypts(before, 'VaultKey', EXAMPLE_MEASUREMENTS)).toBe('DenyWithoutNetwork');
    const after = policyOf(replica({ replicaNetworks: { [REPLICA]: network } }), 'VaultKey');
    expect(decrypts(after, 'VaultKey', EXAMPLE_MEASUREMENTS)).toBe('DenyOutsideNetwork');
    expect(after).toEqual(vaultKeyPolicy({ ...there, network }, EXAMPLE_MEASUREMENTS));
  });

  test('are shut together with the primary ones', () => {
    const policy = policyOf(replica({}, null), 'RequestKey');
    expect(decrypts(policy, 'RequestKey', EXAMPLE_MEASUREMENTS)).toBe('DenyDecryptBeforeMeasurements');
  });

  test('are made in configured Regions only', () => {
    expect(() => synthesize(keysReplicaStage('us-east-1'), knownOf(config, stages))).toThrow(
      expect.objectContaining({ code: 'template_refused' }),
    );
  });

  test('a network is configured for a replica Region only', () => {
    const refused = (changes: object): void => void configOf({ replicaRegions: [REPLICA], ...changes });
    expect(() => refused({ replicaNetworks: { 'us-east-1': network } })).toThrow(/replicaNetworks/);
    expect(() => refused({ replicaNetworks: { [REPLICA]: { vpcId: 'vpc-*' } } })).toThrow(/replicaNetworks/);
    expect(() => refused({ replicaNetworks: { [REPLICA]: { ...network, vpc: 1 } } })).toThrow(
      /replicaNetworks/,
    );
    expect(() => refused({ replicaNetworks: { [REPLICA]: { ...network, vpceId: 'x' } } })).toThrow(
      /replicaNetworks/,
    );
    expect(() => refused({ replicaNetworks: [] })).toThrow(/replicaNetworks/);
  });
});

describe('policies of keys of imported records', () => {
  const key = 'arn:aws:kms:eu-central-1:111122223333:key/aaaaaaaa-1111-2222-3333-444444444444';
  const context = (measurements: Measurements | null) => ({
    config: configOf({ legacyKeys: [key] }),
    deployment: () => place,
    measurements,
  });

  test('are told to their owner, and in no template', () => {
    const [told] = legacyKeyPolicies(context(EXAMPLE_MEASUREMENTS));
    expect(told?.key).toBe(key);
    expect(told?.whileSampleRuns?.Sid).toBe('AllowEnclaveVaultDecrypt');
    expect(told?.afterwards).toEqual(legacyKeyPolicy(place, EXAMPLE_MEASUREMENTS));
    expect(
      JSON.stringify(synthesize(KEYS, knownOf(configOf({ legacyKeys: [key] }), [NETWORK]))),
    ).not.toContain('aaaaaaaa-1111');
  });

  test('add nothing before there are measurements', () => {
    const [told] = legacyKeyPolicies(context(null));
    expect(told?.whileSampleRuns).toBeNull();
    expect(told?.afterwards).toEqual(legacyKeyPolicy(place, null));
  });

  test('are none by default', () => {
    expect(legacyKeyPolicies({ ...context(null), config })).toEqual([]);
  });
});
