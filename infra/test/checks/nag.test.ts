// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CfnResource } from 'aws-cdk-lib';
import {
  AwsSolutionsChecks,
  HIPAASecurityChecks,
  type IApplyRule,
  NagPack,
  NagRuleCompliance,
  NIST80053R5Checks,
  PCIDSS321Checks,
} from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { suppressionsOf } from '../../src/suppress.ts';
import { assemble } from '../../src/synthesize.ts';
import { DIFFERENT, stagesIn } from './variants.ts';

/*
 * The packs of cdk-nag over every stage of every variant. What a rule finds is either mended or has a suppression beside the
 * resource; what a suppression names, a rule must find.
 */

interface Found {
  readonly path: string;
  /** Name that all packs share. */
  readonly rule: string;
  /** Of a rule with several of them at one resource: which wildcard. */
  readonly finding: string;
  readonly pack: string;
}

interface Suppressed {
  readonly path: string;
  readonly rule: string;
  readonly reason: string;
  readonly finding: RegExp;
}

const found: Found[] = [];
const suppressed: Suppressed[] = [];
const judged = new Map<string, number>();
let resources = 0;
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ev-nag-'));
  // In place of cdk-nag's own bookkeeping, which tells no more than a pack's first finding of a kind, and not what it let pass.
  const listen = vi
    .spyOn(NagPack.prototype as unknown as { applyRule: (rule: IApplyRule) => void }, 'applyRule')
    .mockImplementation(function record(this: unknown, { rule, node }: IApplyRule) {
      const pack = (this as NagPack).readPackName;
      const path = node.node.path;
      const findings = verdict(rule, node);
      judged.set(pack, (judged.get(pack) ?? 0) + 1);
      for (const finding of findings) found.push({ path, rule: rule.name, finding, pack });
    });
  const packs = [
    new AwsSolutionsChecks(),
    new NIST80053R5Checks(),
    new HIPAASecurityChecks(),
    new PCIDSS321Checks(),
  ];
  for (const variant of DIFFERENT) {
    const { known, stages } = stagesIn(variant);
    for (const stage of stages) {
      const stack = assemble(folder, stage, known);
      for (const pack of packs) pack.validateScope(stack);
      for (const node of stack.node.findAll()) {
        if (!CfnResource.isCfnResource(node)) continue;
        resources++;
        for (const { rule, reason, finding = /^$/ } of suppressionsOf(node)) {
          suppressed.push({ path: node.node.path, rule, reason, finding });
        }
      }
    }
  }
  listen.mockRestore();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a rule says: nothing, one finding without a name, or several with one. */
function verdict(rule: IApplyRule['rule'], node: CfnResource): readonly string[] {
  try {
    const result = rule(node);
    if (Array.isArray(result)) return result;
    return result === NagRuleCompliance.NON_COMPLIANT ? [''] : [];
  } catch {
    // A rule that fails has found nothing, and has not let it pass either.
    return [''];
  }
}

const covers = (one: Suppressed, { path, rule, finding }: Found): boolean =>
  one.path === path && one.rule === rule && one.finding.test(finding);

describe('cdk-nag', () => {
  it('has looked at every resource with every pack', () => {
    expect(resources).toBeGreaterThan(700);
    for (const pack of ['AwsSolutions', 'NIST.800.53.R5', 'HIPAA.Security', 'PCI.DSS.321']) {
      expect(judged.get(pack), pack).toBeGreaterThan(30 * resources);
    }
  });

  it('finds nothing that no suppression beside the resource explains', () => {
    const open = found.filter((one) => !suppressed.some((suppression) => covers(suppression, one)));
    const lines = open.map(({ path, rule, finding, pack }) => `${path}: ${rule} ${finding} (${pack})`);
    expect([...new Set(lines)]).toEqual([]);
  });

  it('finds whatever a suppression explains', () => {
    const stale = suppressed.filter((suppression) => !found.some((one) => covers(suppression, one)));
    // A setting may mend in one variant what stands in another.
    const lines = new Set(stale.map(({ path, rule, finding }) => `${path}: ${rule} ${finding.source}`));
    expect([...lines]).toEqual([]);
  });

  it('is answered in sentences', () => {
    const short = suppressed.filter(({ reason }) => !/^[A-Z“].{40,}[.]$/s.test(reason));
    expect([...new Set(short.map(({ path, rule, reason }) => `${path}: ${rule}: ${reason}`))]).toEqual([]);
  });
});
