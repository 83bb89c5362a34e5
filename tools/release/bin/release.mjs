#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Sources are TypeScript, which Node runs from version 24 on; say so plainly where it is older.
const [major] = process.versions.node.split('.');
if (Number(major) < 24) {
  process.stderr.write(
    `Enclave Vault needs Node.js 24, and this is ${process.versions.node}. On Linux (glibc, x64 or arm64) npm installs it with\n` +
      'the other packages: run the command through npm (`npm run release -- …`). Elsewhere install Node.js 24 first.\n',
  );
  process.exit(1);
}
const { enableCompileCache } = await import('node:module');
enableCompileCache(new URL('../../../node_modules/.cache/enclave-vault', import.meta.url).pathname);
const { main } = await import('../src/main.ts');
process.exitCode = await main(process.argv.slice(2));
