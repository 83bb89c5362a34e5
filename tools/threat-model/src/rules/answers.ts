// SPDX-License-Identifier: Apache-2.0
import type { Problem } from '../problems.ts';
import {
  commentOf,
  label,
  MITIGATION,
  type Mitigation,
  mitigationsOf,
  THREAT,
  type Threat,
  valuesOf,
  type Workspace,
} from '../workspace/model.ts';

/** Shorter is no reason. */
const REASON = 40;

/**
 * Threats that nothing answers, or nothing that is proved where they are of high priority; accepted risks without a reason; statuses that
 * contradict each other.
 * @param proved whether every check of a mitigation holds, as far as is known
 */
export function answerProblems(
  workspace: Workspace,
  proved: (mitigation: Mitigation) => boolean,
): readonly Problem[] {
  const { threats = [], mitigations = [] } = workspace;
  return [
    ...threats.flatMap((threat) => ofThreat(threat, mitigationsOf(workspace, threat), proved)),
    ...mitigations.flatMap(ofMitigation),
  ];
}

function ofThreat(
  threat: Threat,
  answers: readonly Mitigation[],
  proved: (mitigation: Mitigation) => boolean,
): readonly Problem[] {
  const at = label('T', threat);
  if (answers.length === 0)
    return [{ code: 'threat_unanswered', at, what: 'has neither a mitigation nor an accepted risk' }];
  const pending = answers.filter(
    ({ status }) => status !== MITIGATION.resolved && status !== MITIGATION.accepted,
  );
  const expected = pending.length > 0 ? THREAT.open : THREAT.resolved;
  const high = valuesOf(threat, 'Priority').includes('High');
  const says = pending.map((one) => label('M', one)).join(', ');
  return [
    ...(threat.status === expected
      ? []
      : [
          {
            code: 'threat_status' as const,
            at,
            what:
              pending.length > 0
                ? `is open while ${says} is: set ${expected}`
                : `nothing of it is open: set ${expected}`,
          },
        ]),
    ...(high && !answers.some((one) => one.status === MITIGATION.resolved && proved(one))
      ? [
          {
            code: 'high_without_proof' as const,
            at,
            what: 'is of high priority, and none of its mitigations is proved',
          },
        ]
      : []),
  ];
}

function ofMitigation(mitigation: Mitigation): readonly Problem[] {
  const at = label('M', mitigation);
  const checks = valuesOf(mitigation, CHECK);
  if (mitigation.status === MITIGATION.resolved && checks.length === 0)
    return [{ code: 'mitigation_without_check', at, what: `says that it is resolved, and has no ${CHECK}` }];
  if (mitigation.status === MITIGATION.accepted && commentOf(mitigation).length < REASON)
    return [{ code: 'risk_without_reason', at, what: 'is an accepted risk: its comment must say why' }];
  return [];
}

/** Metadata of a mitigation that names what proves it. */
export const CHECK = 'custom:check';
