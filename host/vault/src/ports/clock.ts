// SPDX-License-Identifier: Apache-2.0

export interface Clock {
  /** Microseconds since the epoch, a whole number. */
  now(): number;
}

/** How far the two clocks of {@link systemClock} may drift apart before it follows the wall clock again. */
const DRIFT_MS = 20;

/** The wall clock, with the microseconds that Date lacks taken from the monotonic one. */
export function systemClock(): Clock {
  let anchor = Date.now() - performance.now();
  return {
    now() {
      const wall = Date.now();
      if (Math.abs(anchor + performance.now() - wall) > DRIFT_MS) anchor = wall - performance.now();
      return Math.round((anchor + performance.now()) * 1000);
    },
  };
}
