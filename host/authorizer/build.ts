// SPDX-License-Identifier: Apache-2.0
import { type BuiltFunction, buildFunction, type FunctionSource } from '@enclave-vault/api/build/function';

export const AUTHORIZER_SOURCE: FunctionSource = { entry: 'host/authorizer/src/main.ts', budget: 60_000 };

/** Builds the authorizer. @param outDir made anew */
export function buildAuthorizer(outDir: string): Promise<BuiltFunction> {
  return buildFunction(AUTHORIZER_SOURCE, outDir);
}

if (import.meta.main) {
  const { directory, bytes, sha256 } = await buildAuthorizer(process.argv[2] ?? 'dist/authorizer');
  process.stdout.write(`${directory}: index.mjs, ${bytes} bytes, SHA-256 ${sha256}\n`);
}
