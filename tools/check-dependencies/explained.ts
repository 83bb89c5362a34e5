// SPDX-License-Identifier: Apache-2.0
import type { Explained } from './lockfile.ts';

/** docs/dependencies.md says the same for people. */
export const EXPLAINED: Explained = {
  installScripts: {
    esbuild: 'puts the program in place of its wrapper, which works without; .npmrc keeps it from running',
    koffi: 'builds the addon where there is no prebuilt one; ours is prebuilt, and pinned by its digest',
  },
  bundlers: {
    'aws-cdk-lib':
      'publishes what it needs within its own archive, under its one digest; only the deploy command loads it',
    '@aws-cdk/cloud-assembly-schema': 'the same, of the same makers',
  },
  aliases: {},
};

/** Lockfiles beside the main one, by folder. */
export const OTHER_LOCKFILES: Readonly<Record<string, Explained>> = {
  'tests/mutation': { installScripts: {}, bundlers: {}, aliases: {} },
};
