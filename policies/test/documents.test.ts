// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { evaluateRequest } from '../../emulators/iam/src/index.ts';
import {
  apiIdentityPolicy,
  channelKeyPolicy,
  type Deployment,
  integrityKeyPolicy,
  kmsEndpointPolicy,
  legacyKeyPolicy,
  type Measurements,
  type PolicyDocument,
  requestKeyPolicy,
  vaultKeyPolicy,
} from '../src/index.ts';
import { VAULT_CELLS } from './cells.ts';
import { judge, keyed } from './judge.ts';
import {
  ALLOW_ALL,
  attested,
  CALLERS,
  DEPLOYMENT,
  encryptionContext,
  KEYS,
  MEASUREMENTS,
  OLD,
  PLACES,
} from './support.ts';

const code = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return null;
};

const KEY_POLICIES = [
  ['vault', vaultKeyPolicy],
  ['request', requestKeyPolicy],
  ['legacy', legacyKeyPolicy],
  [
    'integrity',
    (deployment: Deployment, _measurements: Measurements | null) => integrityKeyPolicy(deployment),
  ],
  [
    'channel-server',
    (deployment: Deployment, _measurements: Measurements | null) => channelKeyPolicy(deployment, 'server'),
  ],
  [
    'channel-client',
    (deployment: Deployment, _measurements: Measurements | null) => channelKeyPolicy(deployment, 'client'),
  ],
] as const;

describe.each(KEY_POLICIES)('the %s key policy', (name, build) => {
  const policy: PolicyDocument = build(DEPLOYMENT, MEASUREMENTS);

  it('is the same document for the same input, and leaves the input alone', () => {
    const frozen = structuredClone({ DEPLOYMENT, MEASUREMENTS });
    expect(build(DEPLOYMENT, MEASUREMENTS)).toEqual(policy);
    expect({ DEPLOYMENT, MEASUREMENTS }).toEqual(frozen);
    expect(policy.Id).toBe(`vault-${name}-key`);
  });

  it('allows by name only: no wildcard, no NotAction, nobody but the account', () => {
    const allows = policy.Statement.filter(({ Effect }) => Effect === 'Allow');
    expect(allows.length).toBeGreaterThan(0);
    for (const { Action, NotAction, Principal } of allows) {
      expect(NotAction).toBeUndefined();
      expect([Action].flat().filter((action) => action?.includes('*'))).toEqual([]);
      expect(Principal).toEqual({ AWS: 'arn:aws:iam::111122223333:root' });
    }
  });

  it('denies to everybody', () => {
    const denies = policy.Statement.filter(({ Effect }) => Effect === 'Deny');
    expect(denies.map(({ Principal }) => Principal)).toEqual(denies.map(() => '*'));
  });

  it('leaves room in the 32 KiB of a key policy for twenty images side by side', () => {
    const many = Object.fromEntries(
      Object.keys(OLD).map((register) => [
        register,
        Array.from({ length: 20 }, (_, index) => (index + 1).toString(16).padStart(96, 'a')),
      ]),
    ) as unknown as Measurements;
    expect(JSON.stringify(build(DEPLOYMENT, many)).length).toBeLessThan(32_768);
  });
});

describe('replicas', () => {
  const replicated = keyed(
    vaultKeyPolicy({ ...DEPLOYMENT, replicaRegions: ['eu-west-1', 'eu-north-1'] }, MEASUREMENTS),
  );
  const ask = (who: 'deployment' | 'breakGlass' | 'admin', region?: string): string => {
    const context = region === undefined ? {} : { 'kms:ReplicaRegion': region };
    const cell = {
      who,
      place: who === 'admin' ? 'inside' : 'outside',
      action: 'kms:ReplicateKey',
      context,
    } as const;
    return judge({ ...cell, answer: '', why: '' }, KEYS.vault, replicated, 'statement');
  };

  it('are made by the deployment role in the Regions configured', () => {
    expect(ask('deployment', 'eu-west-1')).toBe('allow');
    expect(ask('deployment', 'eu-north-1')).toBe('allow');
    expect(ask('deployment', 'us-east-1')).toBe('DenyReplicationElsewhere');
    expect(ask('deployment')).toBe('DenyReplicationElsewhere');
    expect(ask('breakGlass', 'eu-west-1')).toBe('DenyReplicationByOthers');
    expect(ask('admin', 'eu-west-1')).toBe('DenyReplicationByOthers');
  });
});

describe('a network without an endpoint of its own', () => {
  it('is the VPC alone', () => {
    const { vpceId: _, ...network } = DEPLOYMENT.network;
    const policy = vaultKeyPolicy({ ...DEPLOYMENT, network }, MEASUREMENTS);
    const sids = policy.Statement.map(({ Sid }) => Sid);
    expect(sids).toContain('DenyOutsideNetwork');
    expect(sids).not.toContain('DenyOutsideEndpoint');
  });
});

describe('input that would change what a document says', () => {
  const change = (changes: Partial<Deployment>): unknown =>
    code(() => vaultKeyPolicy({ ...DEPLOYMENT, ...changes }, null));
  const { roles } = DEPLOYMENT;

  it.each<[what: string, changes: Partial<Deployment>]>([
    ['a wildcard role', { roles: { ...roles, instance: 'arn:aws:iam::111122223333:role/*' } }],
    ['a role with a question mark', { roles: { ...roles, api: 'arn:aws:iam::111122223333:role/ap?' } }],
    ['a variable', { roles: { ...roles, api: 'arn:aws:iam::111122223333:role/$' + '{aws:username}' } }],
    ['a role of another account', { roles: { ...roles, api: 'arn:aws:iam::444455556666:role/api' } }],
    ['a user', { roles: { ...roles, breakGlass: 'arn:aws:iam::111122223333:user/a' } }],
    ['an empty role', { roles: { ...roles, breakGlass: '' } }],
    ['one role in two places', { roles: { ...roles, instance: roles.api } }],
    ['a short account', { account: '11112222333' }],
    ['a wildcard VPC', { network: { vpcId: 'vpc-*' } }],
    ['an empty VPC', { network: { vpcId: '' } }],
    ['a wildcard endpoint', { network: { vpcId: 'vpc-1', vpceId: '*' } }],
    ['a wildcard Region', { region: '*' }],
    ['a wildcard partition', { partition: '*' }],
    ['a name with a slash', { name: 'a/b' }],
    ['a wildcard replica', { replicaRegions: ['*'] }],
    ['its own Region as replica', { replicaRegions: ['eu-central-1'] }],
  ])('%s is refused', (_what, changes) => {
    expect(change(changes)).toBe('invalid_deployment');
  });

  it.each<[what: string, changes: Partial<Measurements>]>([
    ['an empty list', { pcr2: [] }],
    ['debug mode', { pcr0: ['0'.repeat(96)] }],
    ['an unsigned image', { pcr8: [OLD.pcr8, '0'.repeat(96)] }],
    ['upper case', { pcr1: [OLD.pcr1.toUpperCase()] }],
    ['a prefix', { pcr1: [`0x${OLD.pcr1}`] }],
    ['a short value', { pcr16: [OLD.pcr16.slice(1)] }],
    ['a wildcard', { pcr3: ['*'] }],
  ])('%s among the measurements is refused', (_what, changes) => {
    const wrong = { ...MEASUREMENTS, ...changes };
    for (const build of [vaultKeyPolicy, requestKeyPolicy, legacyKeyPolicy]) {
      expect(code(() => build(DEPLOYMENT, wrong))).toBe('invalid_measurements');
    }
  });

  it.each([
    '*',
    'arn:aws:kms:eu-central-1:111122223333:key/*',
    `${KEYS.vault}:x`,
    'arn:aws:kms:eu-central-1:111122223333:alias/a',
    '',
  ])('the key %s is refused', (arn) => {
    expect(code(() => apiIdentityPolicy(DEPLOYMENT, { ...KEYS, vault: arn }))).toBe('invalid_key');
    expect(code(() => kmsEndpointPolicy(DEPLOYMENT, { keys: [arn] }))).toBe('invalid_key');
  });
});

describe('the cost of a decision', () => {
  it('is small: the emulator makes one for each request', () => {
    const resource = vaultKeyPolicy(DEPLOYMENT, MEASUREMENTS);
    const context = {
      ...PLACES.inside,
      ...attested(OLD),
      ...encryptionContext({ vault_id: 'v_1', tenant_id: 'default' }),
    };
    const request = {
      principal: CALLERS.instance,
      action: 'kms:Decrypt',
      resource: KEYS.vault,
      resourceAccount: DEPLOYMENT.account,
      context,
    };
    const once = (): boolean => evaluateRequest(request, { identity: [ALLOW_ALL], resource }).allowed;
    expect(once()).toBe(true);
    const batches = Array.from({ length: 20 }, () => {
      const started = performance.now();
      for (let round = 0; round < 100; round++) once();
      return (performance.now() - started) * 10;
    }).toSorted((a, b) => a - b);
    const best = batches[0] ?? Number.POSITIVE_INFINITY;
    console.info(`one decision by the vault key policy: ${best.toFixed(1)} microseconds`);
    expect(best).toBeLessThan(1_500);
  });

  it('has as many cells as it says', () => {
    expect(VAULT_CELLS.length).toBeGreaterThan(150);
  });
});
