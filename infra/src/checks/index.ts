// SPDX-License-Identifier: Apache-2.0
import { InfraError } from '../errors.ts';
import type { Check, Finding, Subject } from './check.ts';
import { CODE_CHECKS } from './code.ts';
import { CONTENT_CHECKS } from './contents.ts';
import { HIDDEN_CHECKS } from './hidden.ts';
import { IDENTITY_CHECKS } from './identities.ts';
import { LIMIT_CHECKS } from './limits.ts';
import { NETWORK_CHECKS } from './network.ts';
import { POLICY_CHECKS } from './policies.ts';
import { STORAGE_CHECKS } from './storage.ts';

export type { Check, Finding, Subject } from './check.ts';

/** Every check, in the order of the page that `npm run docs` writes. */
export const CHECKS: readonly Check[] = [
  ...HIDDEN_CHECKS,
  ...CODE_CHECKS,
  ...IDENTITY_CHECKS,
  ...POLICY_CHECKS,
  ...STORAGE_CHECKS,
  ...NETWORK_CHECKS,
  ...CONTENT_CHECKS,
  ...LIMIT_CHECKS,
];

export interface Refusal extends Finding {
  /** Id of the check that refuses. */
  readonly check: string;
}

/** What is wrong with a template: everything, not only what is found first. */
export function refusals(subject: Subject): readonly Refusal[] {
  return CHECKS.flatMap(({ id, find }) =>
    Array.from(find(subject), (finding) => ({ ...finding, check: id })),
  );
}

/**
 * Ends the making of a template that has what none of ours may have.
 * @throws {InfraError} `template_refused` with every resource and reason
 */
export function demandSound(subject: Subject): void {
  const found = refusals(subject);
  if (found.length === 0) return;
  const lines = found.map(
    ({ check, resource, reason }) => `  ${resource || 'template'}: ${reason} (${check})`,
  );
  throw new InfraError(
    'template_refused',
    [`the template of ${subject.stage} is refused:`, ...lines].join('\n'),
  );
}
