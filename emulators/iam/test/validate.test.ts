// SPDX-License-Identifier: Apache-2.0
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how policy variables are written
import { describe, expect, it } from 'vitest';
import {
  compilePolicy,
  type PolicyDocument,
  PolicyError,
  type PolicyKind,
  parsePolicy,
  validatePolicy,
} from '../src/index.ts';

const good = { Effect: 'Allow', Action: 's3:Get*', Resource: '*' };
const named = { ...good, Principal: '*' };
const doc = (...Statement: readonly unknown[]) => ({ Version: '2012-10-17', Statement });
const codes = (document: unknown, kind: PolicyKind = 'identity') =>
  validatePolicy(document, kind).map(({ code, path }) => `${code} ${path}`);

describe('Grammar of the IAM JSON policy language', () => {
  it.each<[what: string, document: unknown, kind: PolicyKind]>([
    ['an identity policy', doc(good), 'identity'],
    ['a boundary', doc(good), 'boundary'],
    ['a session policy', doc(good), 'session'],
    ['one statement outside a list', { Version: '2008-10-17', Statement: good }, 'identity'],
    ['no version', { Statement: [good] }, 'identity'],
    [
      'a resource policy with an Id and free Sid',
      { Id: 'My bucket', ...doc({ ...named, Sid: 'All of it' }) },
      'resource',
    ],
    [
      'a resource policy without Resource (ECR)',
      doc({ Effect: 'Allow', Principal: '*', Action: 'ecr:*' }),
      'resource',
    ],
    ['a key policy', doc({ ...named, Sid: 'Enable IAM policies', Action: 'kms:*' }), 'kms-key'],
    [
      'a trust policy',
      doc({ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }),
      'role-trust',
    ],
    ['an endpoint policy', doc(named), 'endpoint'],
    ['a service control policy', doc(good), 'scp'],
    ['a resource control policy', doc({ ...named, Effect: 'Deny' }), 'rcp'],
    [
      'all elements',
      doc({
        Sid: 'A1',
        Effect: 'Deny',
        NotPrincipal: {
          AWS: ['111122223333', 'arn:aws:iam::111122223333:user/a'],
          Service: 's3.amazonaws.com',
        },
        NotAction: ['s3:*', 'ec2:Describe?'],
        NotResource: ['arn:aws:s3:::a/*', 'arn:aws-cn:s3:::b'],
        Condition: {
          'ForAnyValue:StringLike': { 'aws:TagKeys': ['a', 'b*'] },
          BoolIfExists: { 'aws:SecureTransport': false },
          NumericLessThan: { 's3:max-keys': 10 },
          Null: { 'aws:PrincipalTag/cost center': 'true' },
        },
      }),
      'resource',
    ],
  ])('takes %s', (_what, document, kind) => {
    expect(codes(document, kind)).toEqual([]);
  });

  const wrong = (change: object) => doc({ ...good, ...change });
  const S = 'Statement[0]';
  it.each<[expected: string, document: unknown]>([
    ['not_an_object ', null],
    ['not_an_object ', [good]],
    ['not_an_object ', '{}'],
    ['unknown_element Statements', { ...doc(good), Statements: [] }],
    ['invalid_version Version', { Version: '2012-10-18', Statement: [good] }],
    ['unsupported_element Id', { Id: 'a', ...doc(good) }],
    ['missing_statement Statement', { Version: '2012-10-17' }],
    ['missing_statement Statement', doc()],
    [`not_an_object ${S}`, doc('Allow')],
    ['repeated_sid Statement[1].Sid', doc({ ...good, Sid: 'A' }, { ...good, Sid: 'A' })],
    [`invalid_sid ${S}.Sid`, wrong({ Sid: 'Two words' })],
    [`invalid_sid ${S}.Sid`, wrong({ Sid: 7 })],
    [`unknown_element ${S}.Conditions`, wrong({ Conditions: {} })],
    [`invalid_effect ${S}.Effect`, wrong({ Effect: 'allow' })],
    [`invalid_effect ${S}.Effect`, wrong({ Effect: undefined })],
    [`missing_action ${S}.Action`, wrong({ Action: undefined })],
    [`ambiguous_action ${S}.Action`, wrong({ NotAction: 's3:*' })],
    [`invalid_action ${S}.Action`, wrong({ Action: 'GetObject' })],
    [`invalid_action ${S}.Action`, wrong({ Action: 's*:GetObject' })],
    [`invalid_action ${S}.Action`, wrong({ Action: 's3:Get Object' })],
    [`invalid_value ${S}.Action`, wrong({ Action: [] })],
    [`invalid_value ${S}.Action`, wrong({ Action: [1] })],
    [`missing_resource ${S}.Resource`, wrong({ Resource: undefined })],
    [`ambiguous_resource ${S}.Resource`, wrong({ NotResource: '*' })],
    [`invalid_resource ${S}.Resource`, wrong({ Resource: 'papers/*' })],
    [`invalid_resource ${S}.Resource`, wrong({ Resource: '' })],
    [`invalid_variable ${S}.Resource`, wrong({ Resource: 'arn:aws:s3:::${aws:username' })],
    [`invalid_variable ${S}.Resource`, wrong({ Resource: 'arn:aws:s3:::${}' })],
    [`unsupported_element ${S}.Principal`, wrong({ Principal: '*' })],
    [`invalid_condition ${S}.Condition`, wrong({ Condition: [] })],
    [`invalid_condition ${S}.Condition.Bool`, wrong({ Condition: { Bool: 'x:y' } })],
    [`unknown_operator ${S}.Condition.StringEqual`, wrong({ Condition: { StringEqual: { 'x:y': 'a' } } })],
    [`unknown_operator ${S}.Condition.stringequals`, wrong({ Condition: { stringequals: { 'x:y': 'a' } } })],
    [
      `unknown_operator ${S}.Condition.NullIfExists`,
      wrong({ Condition: { NullIfExists: { 'x:y': 'true' } } }),
    ],
    [
      `unknown_operator ${S}.Condition.ForAllValue:Bool`,
      wrong({ Condition: { 'ForAllValue:Bool': { 'x:y': 'true' } } }),
    ],
    [
      `unknown_operator ${S}.Condition.ForAnyValues:Bool`,
      wrong({ Condition: { 'ForAnyValues:Bool': { 'x:y': 'true' } } }),
    ],
    [`unknown_operator ${S}.Condition.constructor`, wrong({ Condition: { constructor: { 'x:y': 'a' } } })],
    [`invalid_condition_key ${S}.Condition.Bool.key`, wrong({ Condition: { Bool: { key: 'true' } } })],
    [`invalid_value ${S}.Condition.StringEquals.x:y`, wrong({ Condition: { StringEquals: { 'x:y': [] } } })],
    [
      `invalid_value ${S}.Condition.StringEquals.x:y`,
      wrong({ Condition: { StringEquals: { 'x:y': null } } }),
    ],
    [
      `invalid_value ${S}.Condition.StringEquals.x:y`,
      wrong({ Condition: { StringEquals: { 'x:y': '${a' } } }),
    ],
    [`invalid_value ${S}.Condition.Bool.x:y`, wrong({ Condition: { Bool: { 'x:y': 'yes' } } })],
    [`invalid_value ${S}.Condition.Null.x:y`, wrong({ Condition: { Null: { 'x:y': 'yes' } } })],
    [
      `invalid_value ${S}.Condition.NumericEquals.x:y`,
      wrong({ Condition: { NumericEquals: { 'x:y': '1e3' } } }),
    ],
    [`invalid_value ${S}.Condition.DateEquals.x:y`, wrong({ Condition: { DateEquals: { 'x:y': '1 May' } } })],
    [
      `invalid_value ${S}.Condition.IpAddress.x:y`,
      wrong({ Condition: { IpAddress: { 'x:y': '10.0.0.0/33' } } }),
    ],
    [
      `invalid_value ${S}.Condition.IpAddress.x:y`,
      wrong({ Condition: { IpAddress: { 'x:y': '10.0.0/24' } } }),
    ],
    [`invalid_value ${S}.Condition.BinaryEquals.x:y`, wrong({ Condition: { BinaryEquals: { 'x:y': '*' } } })],
    [`invalid_value ${S}.Condition.ArnLike.x:y`, wrong({ Condition: { ArnLike: { 'x:y': 'arn:aws:*' } } })],
  ])('refuses %s', (expected, document) => {
    expect(codes(document)).toEqual([expected]);
  });

  it('reports every problem, not the first only', () => {
    expect(codes(doc({ Effect: 'Maybe' }, { ...good, Action: 'x' }))).toHaveLength(4);
  });
});

describe('AWS JSON policy elements: Principal', () => {
  const S = 'Statement[0]';
  it.each<[expected: string, kind: PolicyKind, change: object]>([
    [`missing_principal ${S}.Principal`, 'resource', { Principal: undefined }],
    [`missing_principal ${S}.Principal`, 'kms-key', { Principal: undefined }],
    [`missing_principal ${S}.Principal`, 'endpoint', { Principal: undefined }],
    [`ambiguous_principal ${S}.Principal`, 'resource', { NotPrincipal: '*' }],
    [`invalid_principal ${S}.Principal`, 'resource', { Principal: '111122223333' }],
    [`invalid_principal ${S}.Principal`, 'resource', { Principal: {} }],
    [`invalid_principal ${S}.Principal.Aws`, 'resource', { Principal: { Aws: '*' } }],
    [`invalid_principal ${S}.Principal.AWS`, 'resource', { Principal: { AWS: [] } }],
    [
      `invalid_principal ${S}.Principal.AWS`,
      'resource',
      { Principal: { AWS: 'arn:aws:iam::111122223333:role/*' } },
    ],
    [`invalid_principal ${S}.Principal.AWS`, 'resource', { Principal: { AWS: 'arn:aws:iam::*:root' } }],
    [
      `invalid_principal ${S}.Principal.AWS`,
      'resource',
      { Principal: { AWS: 'arn:aws:iam::111122223333:group/a' } },
    ],
    [`invalid_principal ${S}.Principal.Service`, 'resource', { Principal: { Service: 'ec2' } }],
    [`unsupported_element ${S}.Principal`, 'scp', {}],
    [`unsupported_element ${S}.NotPrincipal`, 'boundary', { Principal: undefined, NotPrincipal: '*' }],
    [`unsupported_element ${S}.Principal`, 'rcp', { Principal: { AWS: '*' } }],
    [`unsupported_element ${S}.NotAction`, 'rcp', { Action: undefined, NotAction: 's3:*' }],
    [`unsupported_element ${S}.Resource`, 'role-trust', {}],
    [
      `unsupported_element ${S}.NotPrincipal`,
      'role-trust',
      { Resource: undefined, Principal: undefined, NotPrincipal: '*' },
    ],
  ])('refuses %s in a %s policy', (expected, kind, change) => {
    expect(codes(doc({ ...named, ...change }), kind)).toEqual([expected]);
  });

  it('checks a Resource that a resource policy need not have', () => {
    expect(codes(doc({ ...named, Resource: 'papers/*' }), 'resource')).toEqual([
      `invalid_resource ${S}.Resource`,
    ]);
    expect(codes(doc({ ...named, Resource: undefined, NotResource: '' }), 'resource')).toEqual([
      `invalid_resource ${S}.NotResource`,
    ]);
  });

  it('takes the unique id that is left of a deleted role', () => {
    expect(codes(doc({ ...named, Principal: { AWS: 'AROAIOSFODNN7EXAMPLEX' } }), 'resource')).toEqual([]);
  });
});

describe('KMS Developer Guide: Creating a key policy', () => {
  const key = { ...named, Action: 'kms:*' };
  it('has a version, a Resource, Latin-1 characters, at most 32,768 of them', () => {
    expect(codes({ Statement: [key] }, 'kms-key')).toEqual(['missing_version Version']);
    expect(codes(doc({ ...key, Resource: undefined }), 'kms-key')).toEqual([
      'missing_resource Statement[0].Resource',
    ]);
    expect(codes(doc({ ...key, Sid: 'schlüssel' }), 'kms-key')).toEqual([]);
    expect(codes(doc({ ...key, Sid: 'κλειδί' }), 'kms-key')).toEqual(['invalid_character ']);
    const room = 32_768 - JSON.stringify(doc({ ...key, Sid: '' })).length;
    expect(codes(doc({ ...key, Sid: 'x'.repeat(room) }), 'kms-key')).toEqual([]);
    expect(codes(doc({ ...key, Sid: 'x'.repeat(room + 1) }), 'kms-key')).toEqual(['too_long ']);
  });

  it('has no ForAllValues on a condition key of one value', () => {
    const wide = { 'ForAllValues:StringEquals': { 'kms:EncryptionContext:tenant': 'a' } };
    expect(codes(doc({ ...key, Condition: wide }), 'kms-key')).toEqual([
      'overly_permissive_condition Statement[0].Condition.ForAllValues:StringEquals.kms:EncryptionContext:tenant',
    ]);
    const keys = { 'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': 'tenant' } };
    expect(codes(doc({ ...key, Condition: keys }), 'kms-key')).toEqual([]);
  });
});

describe('compilePolicy', () => {
  it('throws malformed_policy with the problems', () => {
    const broken = { Version: '2012-10-17', Statement: [] } as PolicyDocument;
    const error = catchError(() => compilePolicy(broken, 'identity'));
    expect(error).toMatchObject({ code: 'malformed_policy', problems: [{ code: 'missing_statement' }] });
  });

  it('compiles a document once for each kind', () => {
    const document: PolicyDocument = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
    };
    expect(compilePolicy(document, 'identity')).toBe(compilePolicy(document, 'identity'));
    expect(() => compilePolicy(document, 'resource')).toThrow(PolicyError);
  });
});

describe('parsePolicy', () => {
  const text = JSON.stringify(doc(good), null, 2);
  it('reads a policy from its text', () => {
    expect(parsePolicy(text, 'identity')).toEqual(doc(good));
  });

  it.each([
    ['invalid_json', '{"Version":'],
    ['invalid_json', ''],
    ['repeated_element', '{"Version":"2012-10-17","Statement":[],"Statement":[]}'],
    ['repeated_element', '{"Statement":[{"Effect":"Deny","Condition":{"a":{}},"\\u0043ondition":{}}]}'],
    ['repeated_element', '{"a":[{"b":1},[{"c":"]}","c":2}]]}'],
    [
      'unknown_element',
      '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}],"a":[{"b":1},{"b":2},"b","b"]}',
    ],
  ])('refuses %s: %s', (code, broken) => {
    expect(catchError(() => parsePolicy(broken, 'identity'))).toMatchObject({ problems: [{ code }] });
  });
});

function catchError(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
