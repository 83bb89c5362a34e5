// SPDX-License-Identifier: Apache-2.0
/** `npm run check:comparisons`: fails when something named like a secret is compared other than in constant time. */
import { join } from 'node:path';

import { problems } from './check.ts';
import { sourcesOf } from './sources.ts';

const root = join(import.meta.dirname, '../..');
const sources = sourcesOf(root);
const found = problems(root, sources);
for (const line of found) console.error(line);
console.log(`comparisons: ${sources.length} sources, ${found.length} problems`);
process.exitCode = found.length > 0 ? 1 : 0;
