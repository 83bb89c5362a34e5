// SPDX-License-Identifier: Apache-2.0
import {
  type Deployment,
  integrityKeyPolicy,
  requestKeyPolicy,
  type Statement,
  vaultKeyPolicy,
} from '@enclave-vault/policies';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MEASUREMENTS } from '../../policies/test/support.ts';
import { digestOf, driftOf, driftReadings, grantReadings } from '../src/index.ts';

const ACCOUNT = '111122223333';
const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/vault/${name}`;
const DEPLOYMENT: Deployment = {
  partition: 'aws',
  account: ACCOUNT,
  region: 'eu-central-1',
  name: 'vault',
  network: { vpcId: 'vpc-0a', vpceId: 'vpce-0b' },
  roles: {
    api: role('api'),
    instance: role('instance'),
    deployment: role('deployment'),
    breakGlass: role('break-glass'),
  },
};
const WANTED = vaultKeyPolicy(DEPLOYMENT, MEASUREMENTS);
const copy = (policy: object = WANTED) => JSON.parse(JSON.stringify(policy));
const only = (sid: string, change: (one: Statement) => object): object => ({
  ...WANTED,
  Statement: WANTED.Statement.map((one) => (one.Sid === sid ? change(one) : one)),
});
/** Both forms of what is expected must come to the same. */
const drift = (live: unknown) => {
  const found = driftOf(WANTED, live);
  expect(driftOf(digestOf(WANTED), live)).toEqual(found);
  return found.map(({ change, sid }) => `${change} ${sid}`);
};

describe('a policy that says the same', () => {
  it('is no drift in any order of statements and values, as a list of one or a value', () => {
    const shuffled = <T>(of: readonly T[]) => fc.shuffledSubarray([...of], { minLength: of.length });
    fc.assert(
      fc.property(shuffled(WANTED.Statement), fc.infiniteStream(fc.boolean()), (statements, coins) => {
        const turned = (value: unknown): unknown => {
          const turn = coins.next().value;
          if (Array.isArray(value)) return turn ? value.toReversed() : [...value, ...value.slice(0, 1)];
          if (typeof value === 'string') return turn ? [value] : value;
          if (typeof value !== 'object' || value === null) return value;
          const entries = Object.entries(value).map(([name, inner]) => [name, turned(inner)]);
          return Object.fromEntries(turn ? entries.toReversed() : entries);
        };
        const Statement = statements.map((one) => ({
          ...copy(one),
          Action: turned(one.Action),
          ...(one.Condition === undefined ? {} : { Condition: turned(one.Condition) }),
        }));
        expect(drift({ Statement, Id: 'another', Version: WANTED.Version })).toEqual([]);
      }),
    );
  });

  it('is none with the account named in the other way, and everybody in the other way', () => {
    const other = JSON.stringify(WANTED)
      .replaceAll(`"arn:aws:iam::${ACCOUNT}:root"`, `"${ACCOUNT}"`)
      .replaceAll('"Principal":"*"', '"Principal":{"AWS":["*"]}');
    expect(other).not.toBe(JSON.stringify(WANTED));
    expect(drift(JSON.parse(other))).toEqual([]);
  });
});

describe('drift is named by statement', () => {
  it('for each one that is gone, doubled under another name, or changed in any member', () => {
    for (const { Sid } of WANTED.Statement) {
      const without = { ...WANTED, Statement: WANTED.Statement.filter((one) => one.Sid !== Sid) };
      expect(drift(without)).toEqual([`missing ${Sid}`]);
      const doubled = WANTED.Statement.flatMap((one) =>
        one.Sid === Sid ? [one, { ...one, Sid: 'Copy' }] : [one],
      );
      expect(drift({ ...WANTED, Statement: doubled })).toEqual(['added Copy']);
      for (const [member, value] of Object.entries({
        Effect: 'Neither',
        Action: 'kms:ListGrants2',
        NotAction: 'kms:*',
        Resource: 'arn:aws:kms:*',
        Principal: { AWS: '999999999999' },
        NotPrincipal: '*',
        Condition: { Bool: { 'aws:SecureTransport': true } },
      }))
        expect(drift(only(Sid, (one) => ({ ...one, [member]: value })))).toEqual([`changed ${Sid}`]);
    }
  });

  it('for a second statement under a known name, whichever comes first', () => {
    const hostile = { Sid: 'DenyGrants', Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' };
    expect(drift({ ...WANTED, Statement: [hostile, ...WANTED.Statement] })).toEqual(['added DenyGrants']);
    expect(drift({ ...WANTED, Statement: [...WANTED.Statement, hostile] })).toEqual(['added DenyGrants']);
  });

  it('for a role that was deleted and made anew: its unique id is another principal', () => {
    const named = { ...WANTED.Statement[0], Sid: 'Named', Principal: { AWS: role('api') } };
    const wanted = { ...WANTED, Statement: [...WANTED.Statement, named] };
    const again = copy(wanted);
    again.Statement.at(-1).Principal.AWS = 'AROAEXAMPLEEXAMPLE123';
    for (const expected of [wanted, digestOf(wanted)])
      expect(driftOf(expected, again)).toEqual([{ change: 'changed', sid: 'Named' }]);
  });

  it('for one digit of one register, and not for its case', () => {
    const pinned = MEASUREMENTS.pcr8.map((value) => value.toUpperCase());
    const of = (values: readonly string[]) =>
      only('DenyWithoutPCR8', (one) => ({
        ...one,
        Condition: { StringNotEqualsIgnoreCase: { 'kms:RecipientAttestation:PCR8': values } },
      }));
    expect(drift(of(pinned))).toEqual([]);
    expect(drift(of([`0${pinned[0]?.slice(1)}`]))).toEqual(['changed DenyWithoutPCR8']);
    expect(drift(of([...pinned, '0'.repeat(96)]))).toEqual(['changed DenyWithoutPCR8']);
  });

  it('for an action with a letter that only looks like one of its own, which nothing matches', () => {
    // KELVIN SIGN, whose lower case is k: written as an escape, it passes for ASCII on the way.
    const kelvin = (text?: string) => text?.replace('kms:', '\u212ams:');
    const Statement = WANTED.Statement.map((one) =>
      one.Effect === 'Deny' ? { ...one, Action: [one.Action].flat().map(kelvin) } : one,
    );
    const denials = WANTED.Statement.filter(
      ({ Effect, Action }) => Effect === 'Deny' && `${Action}`.includes('kms:'),
    );
    expect(denials.length).toBeGreaterThan(5);
    expect(drift({ ...WANTED, Statement })).toEqual(denials.map(({ Sid }) => `changed ${Sid}`));
  });

  it('for another version, in which policy variables mean nothing', () => {
    expect(drift({ ...WANTED, Version: '2008-10-17' })).toEqual(['changed Version']);
  });

  it.each([
    ['nothing', null],
    ['text', 'x'],
    ['a list', []],
    ['no statement', { Version: '2012-10-17' }],
  ])('for every statement when the live policy is %s', (_what, live) => {
    expect(drift(live)).toEqual(expect.arrayContaining(WANTED.Statement.map(({ Sid }) => `missing ${Sid}`)));
  });

  it('without repeating what somebody else called his statement', () => {
    const evil = { Sid: '\u001b[2J', Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' };
    const none = { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' };
    expect(drift({ ...WANTED, Statement: [...WANTED.Statement, evil, none] })).toEqual([
      'added unnamed',
      'added unnamed',
    ]);
  });
});

describe('a digest', () => {
  it('of any of the vault’s key policies is under 1.5 KB', () => {
    for (const policy of [WANTED, requestKeyPolicy(DEPLOYMENT, MEASUREMENTS), integrityKeyPolicy(DEPLOYMENT)])
      expect(digestOf(policy).length).toBeLessThan(1_500);
  });

  it.each([
    ['without statements', { Version: '2012-10-17', Statement: [] }],
    ['of a statement without Sid', { Version: '2012-10-17', Statement: [{ Effect: 'Deny' }] }],
    ['of two statements under one Sid', { Version: '2012-10-17', Statement: [{ Sid: 'A' }, { Sid: 'A' }] }],
  ])('is not made %s', (_what, policy) => {
    expect(() => digestOf(policy)).toThrow(TypeError);
  });

  it.each(['', 'policy/2 2012-10-17 A:x', 'policy/1 2012-10-17', 'policy/1 2012-10-17 DenyGrants:short'])(
    'that cannot be read compares nothing, which is no all-clear: %j',
    (text) => {
      expect(driftReadings('vault.policy', [text], WANTED)).toEqual([
        { probe: 'vault.policy', outcome: 'CanaryError', reason: 'expected_unreadable' },
      ]);
    },
  );
});

describe('readings of a comparison', () => {
  const told = (live: unknown, ...expected: object[]) => driftReadings('vault.policy', expected, live);

  it('say that all is as deployed, or one line for each statement that is not', () => {
    expect(told(copy(), WANTED)).toEqual([
      { probe: 'vault.policy', outcome: 'AsDeployed', reason: 'same_statements' },
    ]);
    const without = WANTED.Statement.filter(({ Sid }) => !/^DenyWithoutPCR[01]$/.test(Sid));
    expect(told({ ...WANTED, Statement: without }, WANTED)).toEqual([
      { probe: 'vault.policy', outcome: 'PolicyDrift', reason: 'missing DenyWithoutPCR0' },
      { probe: 'vault.policy', outcome: 'PolicyDrift', reason: 'missing DenyWithoutPCR1' },
    ]);
  });

  it('take either of two declared states in a rollout, as a whole, and no mixture of them', () => {
    const both = { ...MEASUREMENTS, pcr0: [...MEASUREMENTS.pcr0, 'ab'.repeat(48)], pcr2: ['cd'.repeat(48)] };
    const wide = vaultKeyPolicy(DEPLOYMENT, both);
    for (const state of [WANTED, wide])
      expect(told(state, WANTED, wide).map(({ outcome }) => outcome)).toEqual(['AsDeployed']);
    const mixed = only(
      'DenyWithoutPCR0',
      () => wide.Statement.find(({ Sid }) => Sid === 'DenyWithoutPCR0') ?? {},
    );
    expect(told(mixed, WANTED, wide)).toEqual([
      { probe: 'vault.policy', outcome: 'PolicyDrift', reason: 'changed DenyWithoutPCR0' },
    ]);
  });

  it('are an error of the canary where nothing is expected', () => {
    expect(told(WANTED)).toEqual([
      { probe: 'vault.policy', outcome: 'CanaryError', reason: 'nothing_expected' },
    ]);
    expect(told(WANTED, {})).toEqual([
      { probe: 'vault.policy', outcome: 'CanaryError', reason: 'expected_unreadable' },
    ]);
  });

  it('end somewhere, however many statements somebody added', () => {
    const many = Array.from({ length: 300 }, (_, n) => ({ Sid: `A${n}`, Effect: 'Deny' }));
    const lines = told({ ...WANTED, Statement: [...WANTED.Statement, ...many] }, WANTED);
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)?.reason).toBe('and 280 more');
  });
});

describe('grants', () => {
  it('are drift, each by what it allows and never by whom', () => {
    expect(grantReadings('vault.grants', [])).toEqual([
      { probe: 'vault.grants', outcome: 'AsDeployed', reason: 'no_grants' },
    ]);
    const grant = { Operations: ['GenerateDataKey', 'Decrypt'], GranteePrincipal: role('mallory') };
    expect(grantReadings('vault.grants', [grant, {}, { Operations: ['a b'] }])).toEqual([
      { probe: 'vault.grants', outcome: 'PolicyDrift', reason: 'grant Decrypt+GenerateDataKey' },
      { probe: 'vault.grants', outcome: 'PolicyDrift', reason: 'grant of_unknown' },
      { probe: 'vault.grants', outcome: 'PolicyDrift', reason: 'grant of_unknown' },
    ]);
    expect(grantReadings('vault.grants', Array(50).fill({}))).toHaveLength(11);
  });
});
