// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../harness.ts';

export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  const late = Date.now() + 45_000;
  while (!(await what())) {
    if (Date.now() > late) throw new Error(`never: ${what}`);
    await sleep(5);
  }
}

/** Holds every request at the enclave's door. */
export function gate(api: Api) {
  const waiting: (() => void)[] = [];
  let open = false;
  api.enclave.before = () =>
    open ? Promise.resolve() : new Promise((resolve) => void waiting.push(resolve));
  return {
    get held() {
      return waiting.length;
    },
    release: () => {
      open = true;
      for (const go of waiting.splice(0)) go();
    },
  };
}
