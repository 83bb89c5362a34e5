// SPDX-License-Identifier: Apache-2.0
import type { Stack } from 'aws-cdk-lib';
import {
  CfnFirewallConfig,
  CfnFirewallDomainList,
  CfnFirewallRuleGroup,
  CfnFirewallRuleGroupAssociation,
} from 'aws-cdk-lib/aws-route53resolver';
import { allowedDomains } from '../../domains/allow-list.ts';
import type { StageContext } from '../../stage.ts';
import type { Ground } from './subnets.ts';

type Rule = CfnFirewallRuleGroup.FirewallRuleProperty;

/**
 * A name that is blocked does not exist: callers give up at once, and say so in their own words. (NODATA would say that it
 * exists without an address, which some resolvers try again.)
 */
const BLOCK = { action: 'BLOCK', blockResponse: 'NXDOMAIN' } as const;

/**
 * Names that may be asked for, at the resolver that every VPC has: without this, any name with data in it reaches whoever
 * runs its zone, though no packet can. In order, the first match decides:
 *
 * 1. the names that are called are allowed, and what they lead to is trusted: S3 and load balancers answer by CNAMEs
 *    that AWS changes as it likes;
 * 2. where the Region has DNS Firewall Advanced, names that look generated or carry a tunnel are blocked under a rule
 *    of their own, so that the query log tells an attack from a mistyped name;
 * 3. every other name is blocked.
 *
 * The Advanced rules block, and stand behind the ALLOW. As ALERT before it they would be a way out: an alert ends the
 * inspection and lets the query pass (Route 53 Developer Guide, "Rule actions in DNS Firewall"), so the very names that
 * look like a tunnel would never reach the last rule. Before the ALLOW they would judge names of AWS alone.
 *
 * When the firewall itself fails, nothing is answered (fail closed): AWS's default, and written down where it can be.
 */
export function makeFirewall(stack: Stack, { config, names }: StageContext, { vpc }: Ground): void {
  const { name, features } = config;
  const allowed = new CfnFirewallDomainList(stack, 'AllowedNames', {
    name: `${name}-allowed`,
    domains: [...allowedDomains(config, names)],
  });
  const every = new CfnFirewallDomainList(stack, 'EveryName', { name: `${name}-every`, domains: ['*'] });

  const threat = (dnsThreatProtection: string, priority: number): Rule => ({
    ...BLOCK,
    dnsThreatProtection,
    // These queries end in any case: the threshold only says what is called a threat.
    confidenceThreshold: 'HIGH',
    priority,
  });
  const group = new CfnFirewallRuleGroup(stack, 'NameRules', {
    name: `${name}-names`,
    firewallRules: [
      {
        action: 'ALLOW',
        firewallDomainListId: allowed.attrId,
        firewallDomainRedirectionAction: 'TRUST_REDIRECTION_DOMAIN',
        priority: 100,
      },
      ...(features.dnsAdvanced ? [threat('DNS_TUNNELING', 200), threat('DGA', 210)] : []),
      { ...BLOCK, firewallDomainListId: every.attrId, priority: 900 },
    ],
  });
  const association = new CfnFirewallRuleGroupAssociation(stack, 'NameRulesOfVpc', {
    name: `${name}-names`,
    vpcId: vpc.ref,
    firewallRuleGroupId: group.attrId,
    // The first that may be given: whatever else is associated with the VPC comes after.
    priority: 101,
    // `npm run destroy` lifts it by an update.
    mutationProtection: 'ENABLED',
  });
  if (features.dnsFirewallConfig) {
    const failClosed = new CfnFirewallConfig(stack, 'NamesFailClosed', {
      resourceId: vpc.ref,
      firewallFailOpen: 'DISABLED',
    });
    association.addResourceDependency(failClosed);
  }
}
