// SPDX-License-Identifier: Apache-2.0
import { AwsError } from '../errors.ts';
import { at, listAt, textAt } from '../json.ts';
import type { Handler, Subject } from './handler.ts';
import {
  changed,
  has,
  nameOf,
  regional,
  retagging,
  row,
  rows,
  serviceLinkedRole,
  tagging,
  withTags,
} from './handler.ts';

/*
 * Schemas AWS::WAFv2::WebACL, WebACLAssociation, LoggingConfiguration (less what is about other protected services); WAF
 * Developer Guide, "Sending web ACL traffic logs to a CloudWatch Logs log group" (name of the group, rights).
 */

const WEB_ACL: Handler = {
  type: 'AWS::WAFv2::WebACL',
  named: 'Name',
  taken: {
    code: 'WAFDuplicateItemException',
    message: (name) =>
      `AWS WAF could not perform the operation because some resource in your request is a duplicate of an existing one: ${name}`,
  },
  createOnly: ['Name', 'Scope'],
  create: [
    row('wafv2:CreateWebACL', 'self', { context: withTags }),
    // A web ACL is authorized on the managed rule groups in it as well.
    row('wafv2:CreateWebACL', managed, { when: (subject) => managed(subject).length > 0 }),
    tagging('wafv2:TagResource'),
  ],
  read: rows('self', ['wafv2:GetWebACL', 'wafv2:ListTagsForResource']),
  update: [
    row('wafv2:GetWebACL'),
    row('wafv2:UpdateWebACL', 'self', {
      when: changed('Rules', 'DefaultAction', 'VisibilityConfig', 'Description'),
    }),
    row('wafv2:UpdateWebACL', managed, { when: (s) => changed('Rules')(s) && managed(s).length > 0 }),
    ...retagging('wafv2:TagResource', 'wafv2:UntagResource'),
  ],
  remove: rows('self', ['wafv2:GetWebACL', 'wafv2:DeleteWebACL']),
  identify: (draft) => {
    const name = nameOf(draft, 'Name');
    const hex = draft.world.fresh(32);
    const uuid = [
      hex.slice(0, 8),
      hex.slice(8, 12),
      hex.slice(12, 16),
      hex.slice(16, 20),
      hex.slice(20),
    ].join('-');
    const arn = regional('wafv2', () => `regional/webacl/${name}/${uuid}`)(draft, name);
    return {
      id: `${name}|${uuid}|${textAt(draft.properties, 'Scope')}`,
      arn,
      attributes: { Arn: arn, Id: uuid },
    };
  },
  removable: ({ world, arn }) => {
    const used = world
      .all('AWS::WAFv2::WebACLAssociation')
      .some(({ properties }) => properties.WebACLArn === arn);
    if (used) throw new AwsError('WAFAssociatedItemException', 'The web ACL is associated with a resource.');
  },
};

function managed({ world, region, properties }: Subject): readonly string[] {
  const any = listAt(properties, 'Rules').some(
    (rule) => at(rule, 'Statement.ManagedRuleGroupStatement') !== undefined,
  );
  return any ? [`arn:${world.partition}:wafv2:${region}:${world.account}:regional/managedruleset/*/*`] : [];
}

const acl = ({ properties }: Subject): string => textAt(properties, 'WebACLArn') ?? '';
const protectedResource = ({ properties }: Subject): string => textAt(properties, 'ResourceArn') ?? '';

const ASSOCIATION: Handler = {
  type: 'AWS::WAFv2::WebACLAssociation',
  createOnly: ['ResourceArn', 'WebACLArn'],
  create: [
    row('wafv2:AssociateWebACL', acl),
    row('wafv2:AssociateWebACL', protectedResource),
    row('apigateway:SetWebACL', protectedResource),
    row('wafv2:GetWebACLForResource', protectedResource),
    row('wafv2:GetWebACL', acl),
  ],
  read: [row('wafv2:GetWebACLForResource', protectedResource), row('wafv2:GetWebACL', acl)],
  update: [],
  remove: [
    row('wafv2:GetWebACLForResource', protectedResource),
    row('wafv2:GetWebACL', acl),
    row('wafv2:DisassociateWebACL', protectedResource),
    row('apigateway:SetWebACL', protectedResource),
  ],
  identify: ({ properties }) => {
    const id = `${textAt(properties, 'ResourceArn')}|${textAt(properties, 'WebACLArn')}`;
    return { id, arn: `${id}#association` };
  },
};

const LOGGING: Handler = {
  type: 'AWS::WAFv2::LoggingConfiguration',
  createOnly: ['ResourceArn'],
  create: [
    row('wafv2:PutLoggingConfiguration', protectedResource),
    ...rows('*', [
      'logs:CreateLogDelivery',
      'logs:PutResourcePolicy',
      'logs:DescribeResourcePolicies',
      'logs:DescribeLogGroups',
    ]),
    serviceLinkedRole('wafv2.amazonaws.com'),
  ],
  read: [row('wafv2:GetLoggingConfiguration', protectedResource)],
  update: [
    row('wafv2:PutLoggingConfiguration', protectedResource, { when: has('ResourceArn') }),
    ...rows('*', [
      'logs:CreateLogDelivery',
      'logs:PutResourcePolicy',
      'logs:DescribeResourcePolicies',
      'logs:DescribeLogGroups',
    ]),
  ],
  remove: [
    row('wafv2:GetLoggingConfiguration', protectedResource),
    row('wafv2:DeleteLoggingConfiguration', protectedResource),
    row('logs:DeleteLogDelivery', '*'),
  ],
  identify: ({ properties }) => {
    const id = textAt(properties, 'ResourceArn') ?? '';
    return { id, arn: `${id}#logging` };
  },
  check: ({ properties }) => {
    const wrong = listAt(properties, 'LogDestinationConfigs')
      .map(String)
      .find((arn) => arn.includes(':log-group:') && !arn.includes(':log-group:aws-waf-logs-'));
    if (wrong !== undefined)
      throw new AwsError(
        'WAFInvalidParameterException',
        `The name of the log group must begin with aws-waf-logs-: ${wrong}`,
      );
  },
};

export const WAF_HANDLERS: readonly Handler[] = [WEB_ACL, ASSOCIATION, LOGGING];
