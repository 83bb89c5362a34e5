// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import {
  type Deployment,
  legacyKeyPolicy,
  legacyKeyStatement,
  type Measurements,
  type PolicyDocument,
  type Statement,
} from '@enclave-vault/policies';
import { findRunning } from '../dev/control.ts';
import type { Examined } from '../dev/examined.ts';
import { files } from '../dev/folders.ts';
import { askSocket } from '../dev/hypervisor.ts';
import { AdminError } from '../errors.ts';
import type { PolicyOptions } from './options.ts';

type Data = { readonly data: string };

interface Known {
  readonly deployment: Deployment;
  readonly measurements: Measurements;
}

/**
 * What the sample's key needs for our enclaves to use it.
 * @throws {AdminError} @throws {PolicyInputError}
 */
export async function keyPolicy({ whole, from }: PolicyOptions): Promise<Statement | PolicyDocument> {
  const { deployment, measurements } = 'data' in from ? await local(from.data) : await deployed(from);
  return whole ? legacyKeyPolicy(deployment, measurements) : legacyKeyStatement(deployment, measurements);
}

/** A running local vault's own deployment, and what its key policies admit. */
async function local(data: string): Promise<Known> {
  const running = await findRunning(files(data).running);
  if (running === undefined) throw new AdminError('vault_not_running', `no vault runs on ${data}: start it`);
  const answer: unknown = await askSocket(running.control, 'GET', '/examined');
  const { deployment, measurements } = answer as Examined;
  return { deployment, measurements: measurements as Measurements };
}

const REGISTERS = ['pcr0', 'pcr1', 'pcr2', 'pcr3', 'pcr8', 'pcr16'] as const;

/** A deployment on AWS, from the same files that `doctor` takes. */
async function deployed({
  configs,
  manifests,
  manifestKey,
}: Exclude<PolicyOptions['from'], Data>): Promise<Known> {
  const { readRoleFiles } = await import('../doctor/role-files.ts');
  const { deployedSubject } = await import('../doctor/subject-roles.ts');
  const { deployment, expected, configuration } = deployedSubject({
    files: readRoleFiles(configs, undefined, {}),
    manifests: manifests.map((path) => readFile(path)),
    manifestKey: manifestKey === undefined ? undefined : readFile(manifestKey).toString('utf8'),
    ...{ as: undefined, endpoints: {}, attestationRoot: undefined },
  });
  const bad = configuration.filter(({ status }) => status === 'fail').map(({ of, seen }) => `${of}: ${seen}`);
  const missing = REGISTERS.filter((register) => expected[register] === undefined);
  if (deployment === undefined) bad.push('no --config is that of a deployment');
  if (missing.length > 0)
    bad.push(`${missing.join(', ')} not known: give the manifest, and the parent's configuration`);
  if (deployment === undefined || bad.length > 0) throw new AdminError('config_unreadable', bad.join('\n'));
  return { deployment, measurements: expected as Measurements };
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw new AdminError('config_unreadable', `${path} cannot be read`);
  }
}
