// SPDX-License-Identifier: Apache-2.0
/** `npm run check:boundaries`: fails when a package imports what its trust zone may not. */
import { join } from 'node:path';
import { sourcesOf, violations } from './check.ts';

const root = process.argv[2] ?? join(import.meta.dirname, '../..');
const found = violations(root);
for (const line of found) console.error(line);
console.log(`boundaries: ${sourcesOf(root).length} sources, ${found.length} violations`);
process.exitCode = found.length > 0 ? 1 : 0;
