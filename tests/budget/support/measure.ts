// SPDX-License-Identifier: Apache-2.0
import type { Budget } from './compare.ts';
import { created } from './requests.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Counts } from './tally.ts';
import { World } from './world.ts';

export interface Counted {
  readonly counted: Budget;
  /** Routes of the API that no scenario asks for. */
  readonly uncounted: readonly string[];
}

/** Counts what every route costs. */
export async function countRoutes(): Promise<Counted> {
  const world = await World.start();
  try {
    // What is reckoned once, however often it is counted here: HPKE's hash of no PSK, which API and enclave share in this process.
    await created(world);
    await world.otherProcess();
    const counted: Record<string, Counts> = {};
    for (const [route, scenario] of Object.entries(SCENARIOS)) counted[route] = await scenario(world);
    return { counted, uncounted: await world.uncounted() };
  } finally {
    await world.close();
  }
}
