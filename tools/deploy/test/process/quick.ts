// SPDX-License-Identifier: Apache-2.0
/** The commands as their bin starts them, with waits for a stand-in whose operations end at once. */
import type { Limits } from '../../src/limits.ts';
import { main } from '../../src/main.ts';

const QUICK: Limits = {
  poll: 20,
  changeSet: 20_000,
  stack: 60_000,
  iamSettles: 10,
  signing: 20_000,
  health: 2_000,
  deletion: 60_000,
  deletionRetry: 20,
};

const [command, ...args] = process.argv.slice(2);
process.exitCode = await main(command === 'destroy' ? 'destroy' : 'deploy', args, QUICK);
