// SPDX-License-Identifier: Apache-2.0
import { type BuiltFunction, buildFunction, type FunctionSource } from '@enclave-vault/api/build/function';

export const SMOKE_SOURCE: FunctionSource = { entry: 'host/smoke/src/main.ts', budget: 40_000 };

/** Builds the smoke test. @param outDir made anew */
export function buildSmoke(outDir: string): Promise<BuiltFunction> {
  return buildFunction(SMOKE_SOURCE, outDir);
}

if (import.meta.main) {
  const { directory, bytes, sha256 } = await buildSmoke(process.argv[2] ?? 'dist/smoke');
  process.stdout.write(`${directory}: index.mjs, ${bytes} bytes, SHA-256 ${sha256}\n`);
}
