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

interface Known {
  readonly deployment: Deployment;
  readonly measurements: Measurements;
}

/**
 * What the sample's key needs for our enclaves to use it.
 * @throws {AdminError} @throws {PolicyInputError}
 */
export async function keyPolicy({ whole, from }: PolicyOptions): Promise<Statement | PolicyDocument> {
  const { deployment, measurements } = 'data' in from ? await local(from.data) : readKnown(from.deployment);
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

function readKnown(path: string): Known {
  try {
    const { deployment, measurements } = JSON.parse(readFileSync(path, 'utf8')) as Known;
    if (typeof deployment === 'object' && typeof measurements === 'object')
      return { deployment, measurements };
  } catch {
    // Said below.
  }
  throw new AdminError('data_unreadable', `${path} does not have "deployment" and "measurements"`);
}
