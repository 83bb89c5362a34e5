// SPDX-License-Identifier: Apache-2.0
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how policy variables are written
import { describe, expect, it } from 'vitest';
import type { AuthorizationRequest, PolicyDocument, Statement } from '../src/index.ts';
import { ask, holds, policy, role, user } from './support.ts';

/** "IAM policy elements: Variables and tags", IAM User Guide. */
describe('IAM policy elements: Variables and tags', () => {
  type Row = readonly [
    what: string,
    pattern: string,
    actual: string,
    context: AuthorizationRequest['context'],
    expected: boolean,
  ];
  const alike: readonly Row[] = [
    ['a variable is replaced', 'home/${aws:username}/', 'home/alice/', {}, true],
    ['names have no case', 'home/${AWS:UserName}/', 'home/alice/', {}, true],
    ['others are not hers', 'home/${aws:username}/', 'home/bob/', {}, false],
    ['variables beside wildcards', '${aws:username}-*-${x:tail}', 'alice-1-z', { 'x:tail': 'z' }, true],
    ['a wildcard in a value is a character', '${x:v}', 'abc', { 'x:v': 'a*' }, false],
    ['and equals itself', '${x:v}', 'a*', { 'x:v': 'a*' }, true],
    ['an absent key matches nothing', '${x:v}', '', {}, false],
    ['a key of several values matches nothing', '${x:v}', 'a', { 'x:v': ['a', 'b'] }, false],
    ['a default replaces an absent key', "${x:v, 'company-wide'}", 'company-wide', {}, true],
    ['but not one that is there', "${x:v, 'company-wide'}", 'company-wide', { 'x:v': 'a' }, false],
    ['a default may have any character', "${x:v, 'a}, b'}", 'a}, b', {}, true],
    ['${*} is an asterisk', 'a${*}', 'abc', {}, false],
    ['as said', 'a${*}', 'a*', {}, true],
    ['${?} is a question mark', 'a${?}', 'ab', {}, false],
    ['as said too', 'a${?}', 'a?', {}, true],
    ['${$} is a dollar', '${$}{aws:username}', '${aws:username}', {}, true],
    ['a dollar alone is one as well', '$5', '$5', {}, true],
    ['tags of the principal, blanks and all', '${aws:PrincipalTag/cost center}', '42', {}, true],
  ];
  const principal = { ...user, tags: { 'cost center': '42' } };

  it.each(alike)('%s', (_what, pattern, actual, context, expected) => {
    const all = { ...context, 'x:actual': actual };
    expect(holds({ StringLike: { 'x:actual': pattern } }, all, { principal })).toBe(expected);
  });

  it('replaces in ARN and Boolean operators', () => {
    expect(holds({ ArnLike: { 'x:arn': '${aws:PrincipalArn}' } }, { 'x:arn': user.arn })).toBe(true);
    expect(holds({ ArnLike: { 'x:arn': '${aws:PrincipalArn}' } }, { 'x:arn': role.arn })).toBe(false);
    expect(holds({ Bool: { 'x:b': '${x:want}' } }, { 'x:b': 'TRUE', 'x:want': 'true' })).toBe(true);
    expect(holds({ StringEqualsIgnoreCase: { 'x:a': '${x:b}' } }, { 'x:a': 'ABC', 'x:b': 'aBc' })).toBe(true);
  });

  it('knows no variables before version 2012-10-17', () => {
    const condition = { StringEquals: { 'x:actual': '${aws:username}' } };
    const literal = { 'x:actual': '${aws:username}' };
    const replaced = { 'x:actual': 'alice' };
    expect(holds(condition, literal, { version: '2008-10-17' })).toBe(true);
    expect(holds(condition, replaced, { version: '2008-10-17' })).toBe(false);
    expect(holds(condition, replaced)).toBe(true);
    expect(holds(condition, literal)).toBe(false);
    const { Version: _, ...none } = policy({ Condition: condition });
    expect(ask({ context: literal }, { identity: [none as PolicyDocument] }).allowed).toBe(true);
  });

  it('replaces in resources, where wildcards keep their meaning', () => {
    const identity = [policy({ Resource: 'arn:aws:s3:::papers/${aws:username}/*' })];
    const at = (path: string) => ask({ resource: `arn:aws:s3:::papers/${path}` }, { identity }).allowed;
    expect(at('alice/a/b')).toBe(true);
    expect(at('bob/a')).toBe(false);
    expect(ask({ principal: role, resource: 'arn:aws:s3:::papers//a' }, { identity }).allowed).toBe(false);
  });

  it('lets no request through because a variable could not be resolved', () => {
    const allow = (statement: Partial<Statement>) => ask({}, { identity: [policy(statement)] }).allowed;
    expect(allow({ Condition: { StringNotEquals: { 'x:a': '${x:missing}' } } })).toBe(false);
    expect(allow({ Condition: { StringNotEqualsIfExists: { 'x:a': '${x:missing}' } } })).toBe(false);
    const other = "${x:missing, 'other'}";
    expect(allow({ Condition: { StringNotEquals: { 'x:a': other } } })).toBe(true);
    expect(allow({ NotResource: 'arn:aws:s3:::${x:missing}' })).toBe(false);
    expect(allow({ NotResource: 'arn:aws:s3:::other' })).toBe(true);
  });

  it('loses only the alternative that cannot be resolved where one match is enough', () => {
    const prefixes = { StringLike: { 's3:prefix': ['', 'home/${aws:username}/*'] } };
    expect(holds(prefixes, { 's3:prefix': '' }, { principal: role })).toBe(true);
    expect(holds(prefixes, { 's3:prefix': 'home//a' }, { principal: role })).toBe(false);
    expect(holds(prefixes, { 's3:prefix': 'home/alice/a' })).toBe(true);
  });

  it('keeps a Deny that cannot resolve its variable', () => {
    const deny = policy({}, { Effect: 'Deny', Condition: { StringNotEquals: { 'x:a': '${x:missing}' } } });
    expect(ask({ context: { 'x:a': '1' } }, { identity: [deny] }).kind).toBe('explicit_deny');
  });
});
