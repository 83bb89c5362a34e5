// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../ports.ts';

/** The system's clock, but for steps back: an id that was forgotten must not become fresh again. */
export function systemClock(): Clock {
  let latest = 0;
  return {
    now() {
      latest = Math.max(latest, Date.now());
      return latest;
    },
    after(ms, action) {
      const timer = setTimeout(action, ms);
      return () => clearTimeout(timer);
    },
  };
}
