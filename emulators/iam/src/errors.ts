// SPDX-License-Identifier: Apache-2.0
import type { PolicyProblem } from './types.ts';

export type PolicyErrorCode = 'malformed_policy';

/** A document that AWS would refuse. Thrown where one is compiled, so nothing is ever decided by half a policy. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly code: PolicyErrorCode = 'malformed_policy';
  readonly problems: readonly PolicyProblem[];

  constructor(problems: readonly PolicyProblem[]) {
    super(problems.map(({ path, message }) => `${path}: ${message}`).join('; '));
    this.problems = problems;
  }
}
