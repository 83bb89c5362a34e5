// SPDX-License-Identifier: Apache-2.0

/**
 * Flags of Node for the enclave program: part of the image, and measured with it. docs/adr/0006 has what was tried. They narrow what a
 * mistake can do; the wall around the program is the enclave (locally: the namespaces), not these.
 */
export const NODE_FLAGS: readonly string[] = [
  // No files but the program's own, no child processes, no inspector, no native code. Workers get less: see adapters/worker.ts.
  '--permission',
  '--allow-worker',
  '--disable-warning=PERM0006',
  '--no-addons',
  '--no-global-search-paths',
  // No code from strings: eval, new Function.
  '--disallow-code-generation-from-strings',
  '--disable-proto=delete',
  // Built-ins nobody can change, so a polluted prototype is an error at the place that pollutes.
  '--frozen-intrinsics',
  '--disable-warning=ExperimentalWarning',
  // Nothing that a bundle of plain JavaScript has no use for.
  '--disable-sigusr1',
  '--no-experimental-sqlite',
  '--no-experimental-websocket',
  '--no-experimental-global-navigator',
  '--no-experimental-require-module',
  '--no-strip-types',
  '--tls-min-v1.2',
  '--use-bundled-ca',
  // A crash says that it was one, not what was in memory.
  '--no-extra-info-on-fatal-exception',
  // Names and codes are logged, never a stack: Node makes and drops errors of its own for each decryption.
  '--stack-trace-limit=0',
  '--max-old-space-size=512',
  // Keys that are no longer used are freed each minute, and not when memory runs short: adapters/sweep.ts.
  '--expose-gc',
];

/**
 * On AWS the program loads one addon, koffi, for vsock and the NSM's device, and then gives the permission up for good: main-nitro.ts. Workers never
 * have it.
 */
export const NITRO_NODE_FLAGS: readonly string[] = NODE_FLAGS.flatMap((flag) =>
  flag === '--no-addons' ? ['--allow-addons', '--disable-warning=PERM0001'] : [flag],
);
