// SPDX-License-Identifier: Apache-2.0
/** `npm run budget`: what each route costs, and what of it is not as in routes.json. `-- --update` writes that file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Budget, differences } from './support/compare.ts';
import { countRoutes } from './support/measure.ts';

const file = join(import.meta.dirname, 'routes.json');
const counted = await countRoutes();
for (const [route, counts] of Object.entries(counted)) console.log(`${route}: ${JSON.stringify(counts)}`);
if (process.argv.includes('--update')) {
  writeFileSync(file, `${JSON.stringify(counted, null, 2)}\n`);
} else {
  const found = differences(JSON.parse(readFileSync(file, 'utf8')) as Budget, counted);
  for (const line of found) console.error(line);
  process.exitCode = found.length > 0 ? 1 : 0;
}
// The enclave's program ends with its process, and so do its timers.
process.exit();
