// SPDX-License-Identifier: Apache-2.0
import type { Check } from '../check.ts';

/** Where Node.js runs the sources as they are, with node:sqlite and the fast P-384. */
const MAJOR = 24;

export const configuration: Check = {
  name: 'configuration',
  proves:
    'Every setting of each role file is known, readable and in range, and the roles agree with each other.',
  mend: 'Mend the settings that are named; docs/configuration.md lists them all.',
  run: async ({ configuration: outcomes }) => outcomes,
};

export const nodeVersion: Check = {
  name: 'node_version',
  proves: 'This machine has the Node.js that the vault is written and tested for.',
  mend: 'Install Node.js 24, or run the command through npm, which brings one on Linux.',
  run: async () => {
    const { node } = process.versions;
    const major = Number(node.split('.')[0]);
    if (major < MAJOR) return [{ status: 'fail', seen: `Node.js ${node}` }];
    return [{ status: major === MAJOR ? 'ok' : 'warn', seen: `Node.js ${node}` }];
  },
};
