// SPDX-License-Identifier: Apache-2.0
import { arnIn } from '../arns.ts';
import { allow } from '../identities.ts';
import type { Home, Statement } from '../types.ts';

/**
 * REST API and its web ACL. API Gateway's actions are HTTP's verbs, on paths that have an API's id and no account; what is
 * the account's own (/account, domain names, VPC links) is not among them.
 */
export function apiGrants(home: Home): Statement[] {
  const { partition, region, name } = home;
  const paths = (...some: readonly string[]): readonly string[] =>
    some.map((path) => `arn:${partition}:apigateway:${region}::${path}`);
  const stages = `arn:${partition}:apigateway:${region}::/restapis/*/stages/*`;
  const webAcls = arnIn(home, 'wafv2', `regional/webacl/${name}-*/*`);
  return [
    allow(
      'RestApi',
      [
        'apigateway:DELETE',
        'apigateway:GET',
        'apigateway:PATCH',
        'apigateway:POST',
        'apigateway:PUT',
        'apigateway:UpdateRestApiPolicy',
      ],
      paths('/restapis', '/restapis/*', '/usageplans', '/usageplans/*', '/tags/*'),
    ),
    allow('WebAclOfStage', 'apigateway:SetWebACL', stages),
    allow(
      'WebAcl',
      [
        'wafv2:AssociateWebACL',
        'wafv2:CreateWebACL',
        'wafv2:DeleteLoggingConfiguration',
        'wafv2:DeleteWebACL',
        'wafv2:GetLoggingConfiguration',
        'wafv2:GetWebACL',
        'wafv2:ListTagsForResource',
        'wafv2:PutLoggingConfiguration',
        'wafv2:TagResource',
        'wafv2:UntagResource',
        'wafv2:UpdateWebACL',
      ],
      // A web ACL is made of AWS's rule groups, on which it is asked as well.
      [webAcls, arnIn(home, 'wafv2', 'regional/managedruleset/*/*')],
    ),
    allow(
      'WebAclAssociation',
      ['wafv2:AssociateWebACL', 'wafv2:DisassociateWebACL', 'wafv2:GetWebACLForResource'],
      [webAcls, stages],
    ),
  ];
}
