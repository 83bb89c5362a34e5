// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { createClient } from './client.ts';
import type { SmokeReport } from './report.ts';
import { type RunOptions, runSmoke } from './run.ts';
import { type Environment, readSettings } from './settings.ts';

/**
 * One smoke test by what the function's environment says. Nothing of the event is looked at: who may invoke the function
 * does not choose what it calls.
 */
export async function smokeTest(
  env: Environment,
  times: Pick<RunOptions, 'healthMs' | 'pauseMs'> = {},
): Promise<SmokeReport> {
  const settings = readSettings(env);
  if (settings === undefined) return { ok: false, code: 'misconfigured', checks: [] };
  const { client, auth, field } = settings;
  const marker = `smoke-${randomBytes(12).toString('hex')}`;
  return await runSmoke({ call: createClient(client), auth, field, marker, ...times });
}
