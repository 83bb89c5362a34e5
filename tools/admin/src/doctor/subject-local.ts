// SPDX-License-Identifier: Apache-2.0
import type { Examined } from '../dev/examined.ts';
import { Clients } from './clients.ts';
import { unixParent } from './parent-link.ts';
import type { Subject } from './subject.ts';

/** The vault that runs on this machine, as it told its owner over the control socket. */
export function localSubject(told: Examined, data: string): Subject {
  const { region, endpoint, ca, keys, callers, legacyKeys } = told;
  const endpoints = { kms: { url: endpoint, ca } };
  return {
    title: `local vault on ${data}`,
    production: false,
    region,
    configuration: [{ status: 'ok', seen: 'given by the dev command, and taken' }],
    deployment: told.deployment,
    expected: told.measurements,
    keys: [
      { use: 'vault', arn: keys.vault },
      { use: 'request', arn: keys.request },
      { use: 'integrity', arn: keys.integrity },
      ...legacyKeys.map((arn) => ({ use: 'legacy', arn }) as const),
    ],
    callers: [
      { name: 'admin', credentials: callers.admin },
      { name: 'api', credentials: callers.api },
      { name: 'instance', credentials: callers.instance },
    ],
    endpoints,
    store: { kind: 'sqlite', path: told.database },
    audit: { kind: 'file', path: told.auditLog },
    parent: unixParent(told.parent),
    attestationRoot: told.attestationRoot,
    clients: new Clients(region, endpoints),
    now: Date.now,
  };
}
