// SPDX-License-Identifier: Apache-2.0
import type { Template } from '../../src/index.ts';
import { idOf, ofType } from './network.ts';

interface Rule {
  readonly Priority: number;
  readonly Action: 'ALLOW' | 'ALERT' | 'BLOCK';
  readonly FirewallDomainListId?: unknown;
  readonly DnsThreatProtection?: string;
  readonly FirewallDomainRedirectionAction?: string;
}

export interface Query {
  readonly name: string;
  /** Names that the answer's CNAMEs lead to, in order. */
  readonly chain?: readonly string[];
  /** What DNS Firewall Advanced would take the name for. */
  readonly threat?: string;
}

/**
 * What Route 53 Resolver's DNS Firewall does with a query under a template's rule group (Route 53 Developer Guide, "How
 * Route 53 Resolver DNS Firewall works", "Rule actions", "Rule settings"): rules by priority; the first that matches ends
 * it, ALERT as well as ALLOW lets it pass; a rule that inspects redirections matches by any name of the chain.
 */
export function askFirewall(template: Template, { name, chain = [], threat }: Query): 'pass' | 'block' {
  const lists = ofType(template, 'AWS::Route53Resolver::FirewallDomainList');
  const [group] = Object.values(ofType(template, 'AWS::Route53Resolver::FirewallRuleGroup'));
  const rules = (group?.Properties?.FirewallRules ?? []) as readonly Rule[];
  const matches = (rule: Rule, asked: string): boolean => {
    if (rule.DnsThreatProtection !== undefined) return rule.DnsThreatProtection === threat;
    const list = lists[idOf(rule.FirewallDomainListId)]?.Properties?.Domains as readonly string[];
    return list.some((domain) => matchesDomain(domain, asked));
  };
  const decide = (asked: string, redirected: boolean): Rule | undefined =>
    rules
      .toSorted((one, other) => one.Priority - other.Priority)
      .find((rule) => matches(rule, asked) && !(redirected && trusts(rule)));
  const first = decide(name, false);
  if (first === undefined || first.Action === 'BLOCK') return first === undefined ? 'pass' : 'block';
  if (trusts(first)) return 'pass';
  return chain.every((next) => decide(next, true)?.Action !== 'BLOCK') ? 'pass' : 'block';
}

const trusts = ({ FirewallDomainRedirectionAction: action }: Rule): boolean =>
  action === 'TRUST_REDIRECTION_DOMAIN';

/** `*` alone is every name, `*.x` every name below x, and anything else itself. Names have no case. */
export function matchesDomain(domain: string, name: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replace(/\.$/, '');
  const [pattern, asked] = [plain(domain), plain(name)];
  if (pattern === '*') return true;
  return pattern.startsWith('*.') ? asked.endsWith(pattern.slice(1)) : asked === pattern;
}
