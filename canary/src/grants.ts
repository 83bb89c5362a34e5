// SPDX-License-Identifier: Apache-2.0
import type { Reading } from './run.ts';

/** Of a grant of KMS (ListGrants), what is looked at. */
export interface Grant {
  readonly Operations?: readonly string[] | undefined;
}

const MAX_TOLD = 10;

/**
 * A grant is a second key policy that no review sees: it is in no policy document, and it lives until it is revoked. The keys of
 * the vault have none, so that each one is drift. It is named by what it allows, never by whom.
 * @param name `vault.grants`
 */
export function grantReadings(name: string, grants: readonly Grant[]): readonly Reading[] {
  if (grants.length === 0) return [{ probe: name, outcome: 'AsDeployed', reason: 'no_grants' }];
  const told = grants.slice(0, MAX_TOLD).map(({ Operations = [] }) => {
    const known = Operations.filter((operation) => /^[A-Za-z]{1,64}$/.test(operation));
    return `grant ${known.sort().join('+') || 'of_unknown'}`;
  });
  if (grants.length > MAX_TOLD) told.push(`and ${grants.length - MAX_TOLD} more`);
  return told.map((reason) => ({ probe: name, outcome: 'PolicyDrift', reason }));
}
