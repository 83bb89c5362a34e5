// SPDX-License-Identifier: Apache-2.0
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how policy variables are written
import { AUDITOR, condition as c, MARY, policy, type Row, row } from './row.ts';

const SETS = 'IAM User Guide, "Single-valued vs. multivalued context keys", Set operators';
const KEYS = 'IAM User Guide, "Condition", The condition key name is not case-sensitive';
const VARIABLES = 'IAM User Guide, "Variables and tags"';
const RESOURCE = `${VARIABLES}, Resource element`;
const DEFAULTS = `${VARIABLES}, Specifying default values`;
const VERSION = 'IAM User Guide, "Version"';
const PRINCIPAL_KEYS = `${VARIABLES}, Principal key values`;

const ATTRIBUTES = 'dynamodb:Attributes';
const TEAM = 'aws:PrincipalTag/team';
const shelf = (name: string): string => `arn:aws:s3:::shelves/${name}/book.txt`;
const on = (resource: string, version = '2012-10-17') => ({
  identity: [{ ...policy({ Resource: resource }), Version: version }],
});
const tagged = (team: string) => ({ ...MARY, tags: { team } });

export const SETS_AND_VARIABLES: readonly Row[] = [
  c(
    SETS,
    'ForAllValues: every value of the request is one of the policy’s',
    { 'ForAllValues:StringEquals': { [ATTRIBUTES]: ['id', 'name', 'note'] } },
    { [ATTRIBUTES]: ['id', 'note'] },
    true,
  ),
  c(
    SETS,
    'ForAllValues: one that is none of them',
    { 'ForAllValues:StringEquals': { [ATTRIBUTES]: ['id', 'name'] } },
    { [ATTRIBUTES]: ['id', 'salary'] },
    false,
  ),
  c(
    SETS,
    'ForAllValues of a key that is not there',
    { 'ForAllValues:StringEquals': { [ATTRIBUTES]: ['id'] } },
    {},
    true,
  ),
  c(
    SETS,
    'ForAllValues of a key without values',
    { 'ForAllValues:StringEquals': { [ATTRIBUTES]: ['id'] } },
    { [ATTRIBUTES]: [] },
    true,
  ),
  c(
    SETS,
    'ForAllValues with Null false, which asks for the key as well',
    { 'ForAllValues:StringEquals': { [ATTRIBUTES]: ['id'] }, Null: { [ATTRIBUTES]: 'false' } },
    {},
    false,
  ),
  c(
    SETS,
    'ForAllValues with wildcards',
    { 'ForAllValues:StringLike': { [ATTRIBUTES]: ['pub_*'] } },
    { [ATTRIBUTES]: ['pub_a', 'pub_b'] },
    true,
  ),
  c(
    SETS,
    'ForAnyValue: one value of the request is enough',
    { 'ForAnyValue:StringEquals': { [ATTRIBUTES]: ['salary'] } },
    { [ATTRIBUTES]: ['id', 'salary'] },
    true,
  ),
  c(
    SETS,
    'ForAnyValue: none is one of the policy’s',
    { 'ForAnyValue:StringEquals': { [ATTRIBUTES]: ['salary'] } },
    { [ATTRIBUTES]: ['id', 'name'] },
    false,
  ),
  c(
    SETS,
    'ForAnyValue of a key that is not there',
    { 'ForAnyValue:StringEquals': { [ATTRIBUTES]: ['id'] } },
    {},
    false,
  ),
  c(
    SETS,
    'ForAnyValue of a key without values',
    { 'ForAnyValue:StringEquals': { [ATTRIBUTES]: ['id'] } },
    { [ATTRIBUTES]: [] },
    false,
  ),
  c(
    SETS,
    'ForAllValues, negated: no value may be one of the policy’s',
    { 'ForAllValues:StringNotEquals': { [ATTRIBUTES]: ['salary'] } },
    { [ATTRIBUTES]: ['id', 'salary'] },
    false,
  ),
  c(
    SETS,
    'ForAllValues, negated, and none is',
    { 'ForAllValues:StringNotEquals': { [ATTRIBUTES]: ['salary'] } },
    { [ATTRIBUTES]: ['id', 'name'] },
    true,
  ),
  c(
    SETS,
    'ForAnyValue, negated: one that is none of the policy’s is enough',
    { 'ForAnyValue:StringNotEquals': { [ATTRIBUTES]: ['salary'] } },
    { [ATTRIBUTES]: ['id', 'salary'] },
    true,
  ),
  c(
    SETS,
    'ForAnyValue, negated, and all are',
    { 'ForAnyValue:StringNotEquals': { [ATTRIBUTES]: ['salary'] } },
    { [ATTRIBUTES]: ['salary'] },
    false,
  ),

  c(
    KEYS,
    'names of keys have no case',
    { StringEquals: { 'AWS:sourceVPC': 'vpc-7' } },
    { 'aws:SourceVpc': 'vpc-7' },
    true,
  ),
  c(KEYS, 'values have', { StringEquals: { 'aws:SourceVpc': 'VPC-7' } }, { 'aws:SourceVpc': 'vpc-7' }, false),
  c(
    KEYS,
    'the names of tags within them neither',
    { StringEquals: { 'aws:RequestTag/Team': 'blue' } },
    { 'aws:RequestTag/team': 'blue' },
    true,
  ),

  row(
    RESOURCE,
    'a user’s own shelf',
    'allow',
    { resource: shelf('mary') },
    on('arn:aws:s3:::shelves/${aws:username}/*'),
  ),
  row(
    RESOURCE,
    'somebody else’s',
    'implicit_deny',
    { resource: shelf('john') },
    on('arn:aws:s3:::shelves/${aws:username}/*'),
  ),
  row(
    RESOURCE,
    'a tag of the principal in an ARN',
    'allow',
    { principal: tagged('blue'), resource: shelf('blue') },
    on('arn:aws:s3:::shelves/${aws:PrincipalTag/team}/*'),
  ),
  row(
    PRINCIPAL_KEYS,
    'a role has no user name, and the statement does not apply',
    'implicit_deny',
    { principal: AUDITOR, resource: shelf('auditor') },
    on('arn:aws:s3:::shelves/${aws:username}/*'),
  ),
  row(
    VERSION,
    'variables of an older version are plain text',
    'implicit_deny',
    { resource: shelf('mary') },
    on('arn:aws:s3:::shelves/${aws:username}/*', '2008-10-17'),
  ),
  row(
    VERSION,
    'which matches itself',
    'allow',
    { resource: shelf('${aws:username}') },
    on('arn:aws:s3:::shelves/${aws:username}/*', '2008-10-17'),
  ),
  c(
    `${VARIABLES}, Condition element`,
    'a variable in a value',
    { StringLike: { 's3:prefix': '${aws:username}/*' } },
    { 's3:prefix': 'mary/notes' },
    true,
  ),
  c(
    `${VARIABLES}, Condition element`,
    'of another user',
    { StringLike: { 's3:prefix': '${aws:username}/*' } },
    { 's3:prefix': 'john/notes' },
    false,
  ),
  c(
    `${VARIABLES}, Condition element`,
    'a variable in an ARN',
    { ArnLike: { 'aws:SourceArn': 'arn:aws:sns:*:*:${aws:username}' } },
    { 'aws:SourceArn': 'arn:aws:sns:eu-west-1:111122223333:mary' },
    true,
  ),
  c(
    `${VARIABLES}, Note`,
    'a variable without a value matches nothing',
    { StringEquals: { 's3:prefix': '${aws:RequestTag/none}' } },
    { 's3:prefix': '' },
    false,
  ),
  c(
    VARIABLES,
    'one key compared with another',
    { StringEquals: { 'aws:ResourceTag/team': '${aws:PrincipalTag/team}' } },
    { 'aws:ResourceTag/team': 'blue' },
    true,
    { principal: tagged('blue') },
  ),
  c(
    VARIABLES,
    'and they differ',
    { StringEquals: { 'aws:ResourceTag/team': '${aws:PrincipalTag/team}' } },
    { 'aws:ResourceTag/team': 'red' },
    false,
    { principal: tagged('blue') },
  ),
  row(
    DEFAULTS,
    'a default stands in for what is missing',
    'allow',
    { resource: shelf('common') },
    on("arn:aws:s3:::shelves/${aws:PrincipalTag/team, 'common'}/*"),
  ),
  row(
    DEFAULTS,
    'and not for what is there',
    'implicit_deny',
    { principal: tagged('blue'), resource: shelf('common') },
    on("arn:aws:s3:::shelves/${aws:PrincipalTag/team, 'common'}/*"),
  ),
  row(
    DEFAULTS,
    'which stands for itself',
    'allow',
    { principal: tagged('blue'), resource: shelf('blue') },
    on("arn:aws:s3:::shelves/${aws:PrincipalTag/team, 'common'}/*"),
  ),
  c(
    `${VARIABLES}, Special characters`,
    '${*} is a star',
    { StringLike: { 's3:prefix': 'a${*}' } },
    { 's3:prefix': 'a*' },
    true,
  ),
  c(
    `${VARIABLES}, Special characters`,
    'and nothing else',
    { StringLike: { 's3:prefix': 'a${*}' } },
    { 's3:prefix': 'ab' },
    false,
  ),
  c(
    `${VARIABLES}, Special characters`,
    '${?} is a question mark',
    { StringLike: { 's3:prefix': 'a${?}' } },
    { 's3:prefix': 'ab' },
    false,
  ),
  c(
    `${VARIABLES}, Special characters`,
    '${$} is a dollar sign',
    { StringEquals: { 's3:prefix': '${$}5' } },
    { 's3:prefix': '$5' },
    true,
  ),
  c(PRINCIPAL_KEYS, 'a user’s name', { StringEquals: { 'aws:username': 'mary' } }, {}, true),
  c(PRINCIPAL_KEYS, 'and kind', { StringEquals: { 'aws:PrincipalType': 'User' } }, {}, true),
  c(PRINCIPAL_KEYS, 'a tag of the caller', { StringEquals: { [TEAM]: 'blue' } }, {}, true, {
    principal: tagged('blue'),
  }),
];
