// SPDX-License-Identifier: Apache-2.0
import { FRESHNESS_MS } from '@enclave-vault/protocol';
import type { Clock } from '../ports.ts';

/**
 * The system's clock, but for steps back: an id that was forgotten must not become fresh again. After a step back that is longer than
 * requests are fresh nothing would be fresh until the clock has caught up, which may be never.
 * @param onStepBack what then ends the program; the parent starts another, whose clock begins with the system's
 */
export function systemClock(onStepBack: () => void = () => undefined): Clock {
  let latest = 0;
  return {
    now() {
      const now = Date.now();
      if (latest - now > FRESHNESS_MS) onStepBack();
      latest = Math.max(latest, now);
      return latest;
    },
    elapsed: () => performance.now(),
    after(ms, action) {
      const timer = setTimeout(action, ms);
      return () => clearTimeout(timer);
    },
  };
}
