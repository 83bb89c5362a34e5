// SPDX-License-Identifier: Apache-2.0

import { wafLogDeliveryPolicy } from '@enclave-vault/policies';
import type { Stack } from 'aws-cdk-lib';
import type { CfnStage } from 'aws-cdk-lib/aws-apigateway';
import { CfnLogGroup, CfnResourcePolicy } from 'aws-cdk-lib/aws-logs';
import { CfnLoggingConfiguration, CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { homeOf } from '../../home.ts';
import type { StageContext } from '../../stage.ts';
import { BASE } from '../base.ts';
import { STAGE } from './routes.ts';

/**
 * Rules of a managed group that read bodies, which count here and do not refuse. Bodies are JSON that the function reads
 * strictly and nothing runs or renders: a personal note with a `<` in it is no attack. The size limit is 8 KB, the
 * API's 1 MiB. ("AWS Managed Rules rule groups list", baseline rule groups)
 */
const COUNTED = [
  'CrossSiteScripting_BODY',
  'EC2MetaDataSSRF_BODY',
  'GenericLFI_BODY',
  'GenericRFI_BODY',
  'SizeRestrictions_BODY',
] as const;

const GROUPS = [
  { name: 'AWSManagedRulesAmazonIpReputationList', counted: [] },
  { name: 'AWSManagedRulesCommonRuleSet', counted: COUNTED },
  { name: 'AWSManagedRulesKnownBadInputsRuleSet', counted: [] },
] as const;

/** AWS WAF before the stage, with a log of what it refuses. */
export function addWaf(stack: Stack, context: StageContext, restApiId: string, stage: CfnStage): void {
  const { config, names, outputs } = context;
  const { partition, region, account, name } = config;
  // Samples hold whole headers, credentials among them.
  const visibility = (metricName: string) => ({
    cloudWatchMetricsEnabled: true,
    sampledRequestsEnabled: false,
    metricName,
  });
  const acl = new CfnWebACL(stack, 'Waf', {
    name: `${name}-api`,
    scope: 'REGIONAL',
    defaultAction: { allow: {} },
    visibilityConfig: visibility(`${name}-api`),
    rules: [
      {
        name: 'rate',
        priority: 0,
        action: { block: {} },
        statement: { rateBasedStatement: { limit: config.api.wafRate, aggregateKeyType: 'IP' } },
        visibilityConfig: visibility('rate'),
      },
      ...GROUPS.map((group, at) => ({
        name: group.name,
        priority: at + 1,
        overrideAction: { none: {} },
        statement: {
          managedRuleGroupStatement: {
            vendorName: 'AWS',
            name: group.name,
            ruleActionOverrides: group.counted.map((rule) => ({
              name: rule,
              actionToUse: { count: {} },
            })),
          },
        },
        visibilityConfig: visibility(group.name),
      })),
    ],
  });
  const association = new CfnWebACLAssociation(stack, 'WafBeforeApi', {
    resourceArn: `arn:${partition}:apigateway:${region}::/restapis/${restApiId}/stages/${STAGE}`,
    webAclArn: acl.attrArn,
  });
  association.addResourceDependency(stage);

  // WAF takes no other names than those that begin so.
  const logGroupName = `aws-waf-logs-${name}-api`;
  const group = new CfnLogGroup(stack, 'WafLog', {
    logGroupName,
    kmsKeyId: outputs(BASE).LogsKeyArn,
    retentionInDays: config.api.logDays,
  });
  // WAF would write this itself, as wide as it likes.
  const delivery = new CfnResourcePolicy(stack, 'WafLogDelivery', {
    policyName: `${name}-waf-logs`,
    policyDocument: JSON.stringify(wafLogDeliveryPolicy(homeOf(config, names), logGroupName)),
  });
  const logging = new CfnLoggingConfiguration(stack, 'WafLogging', {
    resourceArn: acl.attrArn,
    logDestinationConfigs: [`arn:${partition}:logs:${region}:${account}:log-group:${logGroupName}`],
    redactedFields: [
      { singleHeader: { Name: 'authorization' } },
      { singleHeader: { Name: 'x-amz-security-token' } },
      { queryString: {} },
    ],
    loggingFilter: {
      DefaultBehavior: 'DROP',
      Filters: [
        {
          Behavior: 'KEEP',
          Requirement: 'MEETS_ANY',
          Conditions: [
            { ActionCondition: { Action: 'BLOCK' } },
            { ActionCondition: { Action: 'COUNT' } },
            { ActionCondition: { Action: 'EXCLUDED_AS_COUNT' } },
          ],
        },
      ],
    },
  });
  logging.addResourceDependency(group);
  logging.addResourceDependency(delivery);
}
