// SPDX-License-Identifier: Apache-2.0
/** Runs in the machine: all its checks, then power off. */
import { spawnSync } from 'node:child_process';
import { check, summary } from './checks.ts';
import { nsmChecks } from './nsm-checks.ts';

for (const group of [nsmChecks]) {
  try {
    await group();
  } catch (error) {
    // What the checks of a group stand on did not work.
    await check(`${group.name} comes to its end`, () => Promise.reject(error));
  }
}
console.log(summary());
spawnSync('/bin/busybox', ['poweroff', '-f']);
