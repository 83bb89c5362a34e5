// SPDX-License-Identifier: Apache-2.0
/** `npm run tcb-report`: writes docs/tcb.md. With --check: fails when the page is stale or a budget is exceeded. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildEnclave, buildNitroEnclave } from '@enclave-vault/enclave/build';
import { measureParts } from './measure.ts';
import { measureNative } from './native.ts';
import { exceeded, readBudget, totals, withTable } from './report.ts';

const root = join(import.meta.dirname, '../..');
const file = join(root, 'docs/tcb.md');
const out = mkdtempSync(join(tmpdir(), 'ev-tcb-'));
const local = await buildEnclave(join(out, 'local'));
const nitro = await buildNitroEnclave(join(out, 'nitro'));
rmSync(out, { recursive: true });
const parts = measureParts(root, local.inputs, nitro.inputs);
const native = measureNative(root, nitro.native);
const page = readFileSync(file, 'utf8');
const written = withTable(page, parts, native);
const problems = exceeded(parts, native, readBudget(page));
if (!process.argv.includes('--check')) writeFileSync(file, written);
else if (written !== page) problems.push('docs/tcb.md is stale: npm run tcb-report writes it');
for (const problem of problems) console.error(problem);
const { ourLines, otherLines, packages, nativeLines } = totals(parts, native);
console.log(
  `trusted base: ${ourLines} lines of ours, ${otherLines} lines in ${packages} packages; on AWS ${nativeLines} native lines`,
);
process.exitCode = problems.length > 0 ? 1 : 0;
