// SPDX-License-Identifier: Apache-2.0
import type { Machine } from '../support/run.ts';

/** Above the tables of a measurement that others disturbed; empty where nobody did. */
export function underLoad({ load, cores }: Machine): string {
  if (load <= cores) return '';
  return `\n**Others kept this machine busy (load ${load} on ${cores} cores as this run began): these times are for orientation alone.**\n`;
}
