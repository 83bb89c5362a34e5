// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import type { Checks } from '../../support/checks.ts';

/** What cfn-lint finds and why it stands: by rule, and where it stands. Anything else fails. */
const ACCEPTED: readonly { rule: string; where: RegExp; reason: string }[] = [
  {
    rule: 'W3010',
    where: /^network: .*availability zones/,
    reason: 'Zones are the configuration’s own: nothing is looked up when templates are made.',
  },
  {
    rule: 'E3006',
    where: /^network: .*'AWS::Route53Resolver::FirewallConfig'/,
    reason:
      'AWS documents the type (CloudFormation Template Reference), CDK has it, and cfn-lint 1.58.0 has no schema for it in any Region. Off by `features.dnsFirewallConfig`.',
  },
];

interface Match {
  readonly Filename: string;
  readonly Level: string;
  readonly Message: string;
  readonly Rule: { readonly Id: string };
}

const seen = new Set<string>();

export function lint(
  checks: Checks,
  bin: string,
  { variant, region, files }: { variant: string; region: string; files: readonly string[] },
): void {
  const { stdout, stderr } = spawnSync(
    join(bin, 'cfn-lint'),
    ['--format', 'json', '--regions', region, '--include-checks', 'W', 'E', '--template', ...files],
    { encoding: 'utf8', timeout: 600_000, maxBuffer: 64 * 1024 * 1024 },
  );
  let matches: readonly Match[];
  try {
    matches = JSON.parse(stdout) as Match[];
  } catch {
    checks.that(`cfn-lint reads the ${variant} templates`, false, stderr.slice(-400));
    return;
  }
  const open = matches.flatMap(({ Filename, Level, Message, Rule: { Id } }) => {
    const line = `${basename(Filename, '.json')}: ${Message}`;
    const accepted = ACCEPTED.find(({ rule, where }) => rule === Id && where.test(line));
    if (accepted === undefined) return [`${Level} ${Id} ${line}`];
    seen.add(accepted.rule);
    return [];
  });
  checks.none(`cfn-lint: ${files.length} templates of ${variant}, for ${region}`, [...new Set(open)]);
}

/** Nothing is accepted that is not found any more. */
export function staleAcceptances(checks: Checks): void {
  checks.none(
    'cfn-lint: what is accepted is found',
    ACCEPTED.filter(({ rule }) => !seen.has(rule)).map(({ rule, reason }) => `${rule}: ${reason}`),
  );
}
