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

/** @returns who was refused something that is now in the audit log; undefined when nobody was */
export function auditedRefusal({ call, routeOptions }: FastifyRequest): string | undefined {
  const { principal = null, problem = null } = call ?? {};
  if (principal === null || problem === null) return undefined;
  // An id that is not there is looked for by decrypting.
  const probing = problem === 'not_found' && routeOptions.url === DECRYPT;
  return AUDITED.has(problem) || probing ? principal.actor : undefined;
}
