// SPDX-License-Identifier: Apache-2.0
import { condition as c, type Row } from './row.ts';

const GUIDE = 'IAM User Guide, "Condition operators"';
const IP = `${GUIDE}, IP address condition operators`;
const ARN = `${GUIDE}, ARN condition operators`;
const IF_EXISTS = `${GUIDE}, ...IfExists condition operators`;
const NULL = `${GUIDE}, Condition operator to check existence of condition keys`;
const MISSING = `${GUIDE}, Important`;
const SEVERAL = 'IAM User Guide, "Conditions with multiple context keys or values"';

const TAG = 'aws:RequestTag/team';
const DEPTH = 's3:max-keys';
const NOW = 'aws:CurrentTime';
const SOURCE_IP = 'aws:SourceIp';
const SOURCE_ARN = 'aws:SourceArn';
const TOPIC = 'arn:aws:sns:eu-central-1:111122223333:alerts';

export const MORE_CONDITIONS: readonly Row[] = [
  c(
    IP,
    'an address in the range',
    { IpAddress: { [SOURCE_IP]: '198.51.100.0/24' } },
    { [SOURCE_IP]: '198.51.100.255' },
    true,
  ),
  c(
    IP,
    'an address beside it',
    { IpAddress: { [SOURCE_IP]: '198.51.100.0/24' } },
    { [SOURCE_IP]: '198.51.101.0' },
    false,
  ),
  c(
    IP,
    'a range that ends within an octet',
    { IpAddress: { [SOURCE_IP]: '198.51.100.64/26' } },
    { [SOURCE_IP]: '198.51.100.128' },
    false,
  ),
  c(
    IP,
    'an address without a prefix is one address',
    { IpAddress: { [SOURCE_IP]: '198.51.100.7' } },
    { [SOURCE_IP]: '198.51.100.7' },
    true,
  ),
  c(
    IP,
    'and no other',
    { IpAddress: { [SOURCE_IP]: '198.51.100.7' } },
    { [SOURCE_IP]: '198.51.100.8' },
    false,
  ),
  c(
    IP,
    'an IPv6 address in the range',
    { IpAddress: { [SOURCE_IP]: '2001:db8:77:88::/64' } },
    { [SOURCE_IP]: '2001:db8:77:88:1::9' },
    true,
  ),
  c(
    IP,
    'an IPv6 address beside it',
    { IpAddress: { [SOURCE_IP]: '2001:db8:77:88::/64' } },
    { [SOURCE_IP]: '2001:db8:77:89::9' },
    false,
  ),
  c(
    IP,
    'IPv4 and IPv6 in one list',
    { IpAddress: { [SOURCE_IP]: ['198.51.100.0/24', '2001:DB8:77:88::/64'] } },
    { [SOURCE_IP]: '2001:db8:77:88::1' },
    true,
  ),
  c(
    IP,
    'NotIpAddress of an address in the range',
    { NotIpAddress: { [SOURCE_IP]: '198.51.100.0/24' } },
    { [SOURCE_IP]: '198.51.100.9' },
    false,
  ),
  c(
    IP,
    'NotIpAddress of one beside it',
    { NotIpAddress: { [SOURCE_IP]: '198.51.100.0/24' } },
    { [SOURCE_IP]: '203.0.113.9' },
    true,
  ),
  c(
    IP,
    'a request through a VPC endpoint has no such address',
    { IpAddress: { [SOURCE_IP]: '0.0.0.0/0' } },
    { 'aws:SourceVpce': 'vpce-1' },
    false,
  ),

  c(ARN, 'ArnEquals of the same ARN', { ArnEquals: { [SOURCE_ARN]: TOPIC } }, { [SOURCE_ARN]: TOPIC }, true),
  c(
    ARN,
    'ArnEquals has wildcards, as ArnLike',
    { ArnEquals: { [SOURCE_ARN]: 'arn:aws:sns:*:111122223333:al?rts' } },
    { [SOURCE_ARN]: TOPIC },
    true,
  ),
  c(
    ARN,
    'ArnLike: a * does not reach over a colon',
    { ArnLike: { [SOURCE_ARN]: 'arn:aws:shop:*:111122223333:bill/*' } },
    { [SOURCE_ARN]: 'arn:aws:shop:eu-west-1:444455556666:store/x:111122223333:bill/1' },
    false,
  ),
  c(
    ARN,
    'StringLike: it does',
    { StringLike: { [SOURCE_ARN]: 'arn:aws:shop:*:111122223333:bill/*' } },
    { [SOURCE_ARN]: 'arn:aws:shop:eu-west-1:444455556666:store/x:111122223333:bill/1' },
    true,
  ),
  c(
    ARN,
    'ArnLike minds case',
    { ArnLike: { [SOURCE_ARN]: 'arn:aws:sns:*:*:Alerts' } },
    { [SOURCE_ARN]: TOPIC },
    false,
  ),
  c(
    ARN,
    'ArnNotLike refuses what matches',
    { ArnNotLike: { [SOURCE_ARN]: 'arn:aws:sns:*:*:alerts' } },
    { [SOURCE_ARN]: TOPIC },
    false,
  ),
  c(
    ARN,
    'ArnNotEquals takes another',
    { ArnNotEquals: { [SOURCE_ARN]: 'arn:aws:sns:*:*:news' } },
    { [SOURCE_ARN]: TOPIC },
    true,
  ),
  c(ARN, 'a user who calls directly is no source', { ArnEquals: { [SOURCE_ARN]: TOPIC } }, {}, false),

  c(MISSING, 'a missing key does not match', { StringEquals: { [TAG]: 'blue' } }, {}, false),
  c(MISSING, 'a missing key satisfies StringNotEquals', { StringNotEquals: { [TAG]: 'blue' } }, {}, true),
  c(MISSING, 'a missing key satisfies StringNotLike', { StringNotLike: { [TAG]: '*' } }, {}, true),
  c(MISSING, 'a missing key satisfies ArnNotLike', { ArnNotLike: { [SOURCE_ARN]: '*' } }, {}, true),
  c(
    MISSING,
    'a missing key satisfies NotIpAddress',
    { NotIpAddress: { [SOURCE_IP]: '0.0.0.0/0' } },
    {},
    true,
  ),
  c(MISSING, 'a missing key satisfies NumericNotEquals', { NumericNotEquals: { [DEPTH]: '1' } }, {}, true),
  c(
    MISSING,
    'a missing key satisfies DateNotEquals',
    { DateNotEquals: { [NOW]: '2025-03-01T00:00:00Z' } },
    {},
    true,
  ),

  c(
    IF_EXISTS,
    'a missing key satisfies StringLikeIfExists',
    { StringLikeIfExists: { 'ec2:InstanceType': ['t4.*'] } },
    {},
    true,
  ),
  c(
    IF_EXISTS,
    'a key that is there is compared',
    { StringLikeIfExists: { 'ec2:InstanceType': ['t4.*'] } },
    { 'ec2:InstanceType': 'm7.large' },
    false,
  ),
  c(
    IF_EXISTS,
    'and may match',
    { StringLikeIfExists: { 'ec2:InstanceType': ['t4.*'] } },
    { 'ec2:InstanceType': 't4.small' },
    true,
  ),
  c(
    IF_EXISTS,
    'a missing key satisfies StringNotEqualsIfExists too',
    { StringNotEqualsIfExists: { [TAG]: 'blue' } },
    {},
    true,
  ),
  c(IF_EXISTS, 'IpAddressIfExists', { IpAddressIfExists: { [SOURCE_IP]: '198.51.100.0/24' } }, {}, true),
  c(
    IF_EXISTS,
    'BoolIfExists of a key that is there',
    { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'true' } },
    { 'aws:MultiFactorAuthPresent': 'false' },
    false,
  ),
  c(
    IF_EXISTS,
    'another operator of the block can still fail',
    { StringLikeIfExists: { [TAG]: 'b*' }, Bool: { 'aws:SecureTransport': 'true' } },
    { 'aws:SecureTransport': 'false' },
    false,
  ),
  c(
    'IAM User Guide, "AWS global condition context keys", Note',
    'either of two keys that a request may have',
    {
      IpAddressIfExists: { [SOURCE_IP]: ['198.51.100.0/24'] },
      StringEqualsIfExists: { 'aws:SourceVpc': ['vpc-7'] },
    },
    { 'aws:SourceVpc': 'vpc-7' },
    true,
  ),

  c(NULL, 'Null true: the key must not be there', { Null: { 'aws:TokenIssueTime': 'true' } }, {}, true),
  c(
    NULL,
    'Null true and it is there',
    { Null: { 'aws:TokenIssueTime': 'true' } },
    { 'aws:TokenIssueTime': '2025-01-01T00:00:00Z' },
    false,
  ),
  c(
    NULL,
    'Null false: the key must be there',
    { Null: { 'aws:TokenIssueTime': 'false' } },
    { 'aws:TokenIssueTime': '2025-01-01T00:00:00Z' },
    true,
  ),
  c(NULL, 'Null false and it is not there', { Null: { 'aws:TokenIssueTime': 'false' } }, {}, false),

  c(
    SEVERAL,
    'several values of a key: one of them is enough',
    { StringEquals: { [TAG]: ['red', 'blue'] } },
    { [TAG]: 'blue' },
    true,
  ),
  c(
    SEVERAL,
    'several values under a negated operator: none of them may be it',
    { StringNotEquals: { [TAG]: ['red', 'blue'] } },
    { [TAG]: 'blue' },
    false,
  ),
  c(
    SEVERAL,
    'several keys: all of them',
    { StringEquals: { [TAG]: 'blue', 'aws:PrincipalTag/level': 'one' } },
    { [TAG]: 'blue' },
    false,
  ),
  c(
    SEVERAL,
    'several operators: all of them',
    { StringEquals: { [TAG]: 'blue' }, NumericLessThan: { [DEPTH]: '5' } },
    { [TAG]: 'blue', [DEPTH]: '6' },
    false,
  ),
  c(
    SEVERAL,
    'and when all hold',
    { StringEquals: { [TAG]: 'blue' }, NumericLessThan: { [DEPTH]: '5' } },
    { [TAG]: 'blue', [DEPTH]: '4' },
    true,
  ),
];
