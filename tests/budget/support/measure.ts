// SPDX-License-Identifier: Apache-2.0
import type { Budget } from './compare.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Counts } from './tally.ts';
import { World } from './world.ts';

/** Counts what every route costs. */
export async function countRoutes(): Promise<Budget> {
  const world = await World.start();
  try {
    const counted: Record<string, Counts> = {};
    for (const [route, scenario] of Object.entries(SCENARIOS)) counted[route] = await scenario(world);
    return counted;
  } finally {
    await world.close();
  }
}
