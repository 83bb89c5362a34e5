// SPDX-License-Identifier: Apache-2.0
import type { FastifyRequest } from 'fastify';
import './call.ts';

/** Refusals that the vault writes into its audit log, whatever was asked. */
const AUDITED: ReadonlySet<string> = new Set([
  'scope_missing',
  'field_not_allowed',
  'purpose_not_allowed',
  'derive_only',
  'exceeds_own_rights',
]);
const DECRYPT = '/v1/vaults/:id/decrypt';

/** @param looked whether it was decrypting that looked for the id: `not_found` is in the audit log then */
export function isAuditedRefusal(code: string, looked: boolean): boolean {
  return AUDITED.has(code) || (looked && code === 'not_found');
}

/** @returns who was refused something that is now in the audit log; undefined when nobody was */
export function auditedRefusal({ call, routeOptions }: FastifyRequest): string | undefined {
  const { principal = null, problem = null } = call ?? {};
  if (principal === null || problem === null) return undefined;
  return isAuditedRefusal(problem, routeOptions.url === DECRYPT) ? principal.actor : undefined;
}
