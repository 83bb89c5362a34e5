// SPDX-License-Identifier: Apache-2.0
/** Runs in the machine: all its checks, then power off. */
import { spawnSync } from 'node:child_process';
import { startDeployment } from '../../../trusted/enclave/test/support/deployment.ts';
import { check, ONLY, summary } from './checks.ts';
import { enclaveChecks } from './enclave-checks.ts';
import { hardeningChecks } from './hardening-checks.ts';
import { latencyChecks } from './latency-checks.ts';
import { nsmChecks } from './nsm-checks.ts';
import { parentChecks } from './parent-checks.ts';
import { startChecks } from './start-checks.ts';

const deployment = await startDeployment({ running: 32, waiting: 400, requestMs: 30_000 });
for (const group of [nsmChecks, startChecks, enclaveChecks, hardeningChecks, parentChecks, latencyChecks]) {
  // The second one gives the machine vsock.
  if (ONLY !== '' && group !== startChecks && group.name !== ONLY) continue;
  try {
    await group(deployment);
  } catch (error) {
    // What the checks of a group stand on did not work.
    await check(`${group.name} comes to its end`, () => Promise.reject(error));
  }
}
console.log(summary());
spawnSync('/bin/busybox', ['poweroff', '-f']);
