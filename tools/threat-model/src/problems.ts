// SPDX-License-Identifier: Apache-2.0

/** What may be wrong with a threat model, by a stable code, and what the code says. */
export const PROBLEMS = {
  workspace_unreadable: 'the workspace is no JSON, or not there',
  schema_violation: 'the published schema of Threat Composer does not take it',
  not_for_the_tool: 'the schema takes it and Threat Composer does not, or would change it',
  not_formatted: 'the file is not as `threat-model fmt` writes it',
  id_invalid: 'an id is no UUID of version 4, or is there twice',
  number_invalid: 'a number is none from 1 on, or is there twice',
  statement_stale: 'a statement is not what the threat’s parts say',
  link_dangles: 'a link leads to nothing, or to the wrong kind of thing',
  link_repeated: 'two things are linked twice',
  actor_unknown: 'a threat names no actor, or one that is not in the list',
  actor_without_threat: 'nothing is said of an actor',
  tier_unknown: 'a threat names no tier, or one that is not in the list',
  tier_lacks_stride: 'of a tier, one kind of threat was not thought of',
  threat_incomplete: 'a threat lacks a part of its statement, its priority or its kinds (STRIDE)',
  threat_unanswered: 'a threat has neither a mitigation nor an accepted risk',
  threat_status: 'the status of a threat is not what its mitigations say',
  high_without_proof: 'no mitigation of a threat of high priority is proved',
  mitigation_without_check: 'a mitigation says that it is resolved and names no check',
  mitigation_unused: 'a mitigation answers no threat',
  risk_without_reason: 'an accepted risk does not say why',
  check_malformed: 'a check is not of a form that is known',
  check_missing: 'a check names what does not exist',
  check_conditional: 'a check is a test that some machines skip',
  check_not_run: 'a check was not run',
  check_skipped: 'a check was skipped',
  check_failed: 'a check failed',
  results_unreadable: 'a file of results is none',
} as const satisfies Readonly<Record<string, string>>;
export type ProblemCode = keyof typeof PROBLEMS;

/** One thing that is wrong. */
export interface Problem {
  readonly code: ProblemCode;
  /** Where: a number as the tool shows it (`T-0007`), a path of the workspace, or a check. */
  readonly at: string;
  readonly what: string;
}

/** `code: at: what`, on one line whatever a file brings into it. */
export function lineOf({ code, at, what }: Problem): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get into a line.
  return `${code}: ${at}: ${what}`.replace(/[\u0000-\u001f\u007f]+/g, ' ');
}
