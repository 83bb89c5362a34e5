// SPDX-License-Identifier: Apache-2.0
import { isGood } from '@enclave-vault/canary/core';
import { LOCAL_CANARY, LocalCanary } from '@enclave-vault/canary/local';
import { runProcess } from '@enclave-vault/parent/process';
import { readRole } from '@enclave-vault/settings';

/*
 * The canary beside a local vault, as a process of its own: it runs again and again, and each run is a line `canary_run`
 * of its log. It listens at nothing. What becomes of the lines is for its supervisor, who misses them when they stay away.
 */
await runProcess({
  name: 'enclave-vault-canary',
  read: (source) => readRole(LOCAL_CANARY, source),
  start: async (config, log) => {
    const canary = new LocalCanary(config);
    const stopping = new AbortController();
    const loop = async () => {
      while (!stopping.signal.aborted) {
        const began = performance.now();
        const readings = await canary.run();
        const ms = performance.now() - began;
        log(isGood(readings) ? 'info' : 'error', 'canary_run', { readings, ms: Math.round(ms) });
        await pause(Math.max(0, config.intervalSeconds * 1000 - ms), stopping.signal);
      }
    };
    void loop();
    return {
      ready: {},
      stop: async () => {
        stopping.abort();
        canary.close();
      },
    };
  },
});

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
