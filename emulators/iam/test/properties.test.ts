// SPDX-License-Identifier: Apache-2.0
import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type PolicyDocument,
  type PolicySet,
  parsePolicy,
  type Statement,
  validatePolicy,
} from '../src/index.ts';
import { parseTemplate } from '../src/template.ts';
import {
  ACCOUNT,
  ask,
  foreign,
  holds,
  KEY,
  OBJECT,
  policy,
  role,
  root,
  service,
  session,
  user,
} from './support.ts';

/* Small alphabets, so that patterns and values meet often. */
const value = fc.stringMatching(/^[ab:]{0,4}$/);
const pattern = fc.stringMatching(/^[ab:*?]{0,5}$/);
const arnValue = fc.tuple(value, value).map(([a, b]) => `arn:aws:x:${a.replaceAll(':', '')}:1:${b}`);
const number = fc.integer({ min: -3, max: 3 }).map(String);
const address = fc
  .tuple(fc.constantFrom('10', '11'), fc.nat(3), fc.nat(255))
  .map(([a, b, c]) => `${a}.${b}.0.${c}`);
const network = fc.tuple(address, fc.integer({ min: 0, max: 32 })).map(([a, length]) => `${a}/${length}`);

/** Operators with their negation, values a policy gives them and values a request has. */
const PAIRS = [
  ['StringEquals', 'StringNotEquals', value, value],
  ['StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase', value, value],
  ['StringLike', 'StringNotLike', pattern, value],
  ['ArnEquals', 'ArnNotEquals', arnValue, arnValue],
  ['ArnLike', 'ArnNotLike', fc.constantFrom('*', 'arn:aws:x:a*:*:?', 'arn:*:*:*:*:*'), arnValue],
  ['NumericEquals', 'NumericNotEquals', number, fc.oneof(number, value)],
  [
    'DateEquals',
    'DateNotEquals',
    fc.constantFrom('2024-01-01', '2024-01-02'),
    fc.constantFrom('2024-01-01T00:00:00Z', 'x'),
  ],
  ['IpAddress', 'NotIpAddress', network, fc.oneof(address, fc.constant('::1'))],
] as const;
const operation = fc.constantFrom(...PAIRS).chain(([positive, negative, expected, actual]) =>
  fc.record({
    positive: fc.constant(positive),
    negative: fc.constant(negative),
    expected: fc.array(expected, { minLength: 1, maxLength: 3 }),
    actual: fc.option(fc.array(actual, { maxLength: 3 }), { nil: undefined }),
  }),
);
const test = (
  operator: string,
  expected: readonly string[],
  actual: readonly string[] | undefined,
): boolean => holds({ [operator]: { 'x:key': expected } }, actual === undefined ? {} : { 'x:key': actual });

describe('operators', () => {
  it('a negated operator is the opposite of its positive one, absent keys included', () => {
    fc.assert(
      fc.property(operation, ({ positive, negative, expected, actual }) => {
        expect(test(negative, expected, actual)).toBe(!test(positive, expected, actual));
      }),
      { numRuns: 400 },
    );
  });

  it('…IfExists is the operator, or absence', () => {
    fc.assert(
      fc.property(operation, fc.boolean(), ({ positive, negative, expected, actual }, negated) => {
        const operator = negated ? negative : positive;
        const absent = actual === undefined || actual.length === 0;
        expect(test(`${operator}IfExists`, expected, actual)).toBe(
          absent || test(operator, expected, actual),
        );
      }),
      { numRuns: 400 },
    );
  });

  it('all values fail a negated operator exactly when any passes the positive one', () => {
    fc.assert(
      fc.property(operation, ({ positive, negative, expected, actual }) => {
        const any = test(`ForAnyValue:${positive}`, expected, actual);
        expect(test(`ForAllValues:${negative}`, expected, actual)).toBe(!any);
      }),
      { numRuns: 400 },
    );
  });

  it('one more value of a policy never narrows a positive operator', () => {
    fc.assert(
      fc.property(operation, ({ positive, expected, actual }) => {
        if (test(positive, expected.slice(0, 1), actual)) expect(test(positive, expected, actual)).toBe(true);
      }),
    );
  });
});

describe('patterns', () => {
  it('match as regular expressions do', () => {
    fc.assert(
      fc.property(pattern, value, (glob, text) => {
        const expression = new RegExp(`^${glob.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(test('StringLike', [glob], [text])).toBe(expression.test(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('of addresses match as the BlockList of Node does', () => {
    fc.assert(
      fc.property(address, fc.integer({ min: 1, max: 32 }), address, (base, length, actual) => {
        const list = new BlockList();
        list.addSubnet(base, length);
        expect(test('IpAddress', [`${base}/${length}`], [actual])).toBe(list.check(actual));
      }),
      { numRuns: 500 },
    );
    const v6 = fc
      .array(fc.constantFrom('0', '1', 'ffff', 'db8'), { minLength: 8, maxLength: 8 })
      .map((groups) => groups.join(':'));
    fc.assert(
      fc.property(v6, fc.integer({ min: 1, max: 128 }), v6, (base, length, actual) => {
        const list = new BlockList();
        list.addSubnet(base, length, 'ipv6');
        expect(test('IpAddress', [`${base}/${length}`], [actual])).toBe(list.check(actual, 'ipv6'));
      }),
      { numRuns: 500 },
    );
  });

  it('are read or refused, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('$', '{', '}', "'", ',', ' ', 'a', ':', '*') }),
        (text) => {
          const options = { variables: true, wildcards: 'text' } as const;
          const template = parseTemplate(text, options);
          if (!text.includes('${')) expect(template).not.toBeNull();
        },
      ),
      { numRuns: 1000 },
    );
  });
});

const statement = (effect: 'Allow' | 'Deny', principals: boolean): fc.Arbitrary<Partial<Statement>> =>
  fc.record({
    Effect: fc.constant(effect),
    Action: fc.constantFrom('*', 's3:*', 's3:GetObject', 'kms:Decrypt'),
    Resource: fc.constantFrom('*', OBJECT, KEY),
    ...(principals
      ? {
          Principal: fc.constantFrom(
            '*' as const,
            { AWS: ACCOUNT },
            { AWS: user.arn },
            { AWS: role.arn },
            { AWS: [session.arn, foreign.arn] },
          ),
        }
      : {}),
    Condition: fc.constantFrom<NonNullable<Statement['Condition']>>(
      {},
      { StringEquals: { 'x:a': '1' } },
      { StringNotEquals: { 'x:a': '1' } },
      { 'ForAllValues:StringLike': { 'x:b': ['a*'] } },
    ),
  });
const some = (principals: boolean) =>
  fc
    .array(
      fc.oneof(statement('Allow', principals), statement('Allow', principals), statement('Deny', principals)),
      { minLength: 1, maxLength: 3 },
    )
    .map((statements) => policy(...statements));
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const policies: fc.Arbitrary<PolicySet> = fc.record({
  identity: maybe(fc.array(some(false), { maxLength: 2 })),
  boundary: maybe(some(false)),
  session: maybe(some(false)),
  resource: maybe(some(true)),
  endpoint: maybe(some(true)),
  scps: maybe(fc.array(fc.array(some(false), { maxLength: 2 }), { maxLength: 2 })),
});
const request = fc.record({
  principal: fc.constantFrom(user, role, session, root, foreign, service),
  action: fc.constantFrom('s3:GetObject', 'kms:Decrypt'),
  resource: fc.constantFrom(OBJECT, KEY),
  context: fc.constantFrom({}, { 'x:a': '1' }, { 'x:a': '2', 'x:b': ['ab', 'c'] }),
});

const extend = (document: PolicyDocument, extra: PolicyDocument): PolicyDocument => ({
  ...document,
  Statement: [document.Statement, extra.Statement].flat() as readonly Statement[],
});
const places = ['identity', 'boundary', 'session', 'resource', 'endpoint', 'scp'] as const;
/** The set with one more statement in one of the policies that are in force, or null when there is none. */
const add = (set: PolicySet, place: (typeof places)[number], extra: PolicyDocument): PolicySet | null => {
  const { identity = [], scps = [] } = set;
  if (place === 'identity') return { ...set, identity: [...identity, extra] };
  if (place === 'scp')
    return scps.length === 0 ? null : { ...set, scps: [[...(scps[0] ?? []), extra], ...scps.slice(1)] };
  const document = set[place] as PolicyDocument | undefined;
  return document === undefined ? null : { ...set, [place]: extend(document, extra) };
};

describe('decisions', () => {
  const withPrincipal = (place: string): boolean => place === 'resource' || place === 'endpoint';
  for (const place of places) {
    it(`one more Deny (${place}) never allows`, () => {
      fc.assert(
        fc.property(request, policies, statement('Deny', withPrincipal(place)), (question, set, extra) => {
          const more = add(set, place, policy(extra));
          if (more !== null && !ask(question, set).allowed) expect(ask(question, more).allowed).toBe(false);
        }),
        { numRuns: 150 },
      );
    });

    it(`one more Allow (${place}) never refuses`, () => {
      fc.assert(
        fc.property(request, policies, statement('Allow', withPrincipal(place)), (question, set, extra) => {
          const more = add(set, place, policy(extra));
          if (more !== null && ask(question, set).allowed) expect(ask(question, more).allowed).toBe(true);
        }),
        { numRuns: 150 },
      );
    });
  }

  it('do not depend on the order of statements', () => {
    fc.assert(
      fc.property(request, policies, some(true), (question, set, resource) => {
        const statements = [resource.Statement].flat() as Statement[];
        const turned = { ...resource, Statement: statements.toReversed() };
        const { allowed, kind } = ask(question, { ...set, resource });
        expect(ask(question, { ...set, resource: turned })).toMatchObject({ allowed, kind });
      }),
      { numRuns: 150 },
    );
  });

  it('one more condition never widens an Allow', () => {
    fc.assert(
      fc.property(
        request,
        operation,
        statement('Allow', false),
        (question, { negative, expected }, extra) => {
          const narrowed = {
            ...extra,
            Condition: { ...extra.Condition, [`${negative}IfExists`]: { 'x:c': expected } },
          };
          if (!ask(question, { identity: [policy(extra)] }).allowed) {
            expect(ask(question, { identity: [policy(narrowed)] }).allowed).toBe(false);
          }
        },
      ),
    );
  });
});

describe('validation', () => {
  it('never throws, and what it passes can be compiled', () => {
    const element = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('*', 'Allow', 's3:*', '2012-10-17'),
    );
    const document = fc.record({
      Version: element,
      Statement: fc.oneof(
        element,
        fc.array(
          fc.record(
            {
              Effect: element,
              Action: element,
              Resource: element,
              Principal: element,
              Condition: fc.dictionary(fc.constantFrom('Bool', 'StringLike', 'toString'), element),
            },
            { requiredKeys: [] },
          ),
        ),
      ),
    });
    fc.assert(
      fc.property(
        document,
        fc.constantFrom('identity' as const, 'resource' as const, 'kms-key' as const),
        (wild, kind) => {
          if (validatePolicy(wild, kind).length > 0) return;
          expect(
            ask(
              {},
              {
                identity: [],
                ...(kind === 'identity'
                  ? { identity: [wild as PolicyDocument] }
                  : { resource: wild as PolicyDocument }),
              },
            ),
          ).toBeDefined();
        },
      ),
      { numRuns: 500 },
    );
  });

  it('finds no repeated member in what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (json) => {
        const text = JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Deny', Action: '*', Resource: '*', Condition: json }],
        });
        try {
          parsePolicy(text, 'identity');
        } catch (error) {
          expect(error).not.toMatchObject({ problems: [{ code: 'repeated_element' }] });
        }
      }),
      { numRuns: 150 },
    );
  });
});
