// SPDX-License-Identifier: Apache-2.0
import type { Log } from '../ports.ts';

/**
 * Events as JSON lines on stderr. An enclave in production has no console, so nobody reads them there; a hypervisor of a
 * development machine collects them. They hold names and codes, no values.
 */
export const stderrLog: Log = (event, details) => {
  const line = { time: new Date().toISOString(), level: 'info', process: 'enclave', event, ...details };
  process.stderr.write(`${JSON.stringify(line)}\n`);
};
