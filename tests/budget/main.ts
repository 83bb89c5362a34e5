// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run budget`: what each route costs and how large each bundle is, and what of it is not as in routes.json and sizes.json.
 * `-- --update` writes those.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildAll } from './support/build-all.ts';
import { type Budget, differences } from './support/compare.ts';
import { countRoutes } from './support/measure.ts';
import { type Bundle, SIZES, sizeDifferences } from './support/sizes.ts';

const ROUTES = join(import.meta.dirname, 'routes.json');
const sizes = await buildAll();
const { counted, uncounted } = await countRoutes();
for (const [name, figures] of [...Object.entries(counted), ...Object.entries(sizes)])
  console.log(`${name}: ${JSON.stringify(figures)}`);
if (process.argv.includes('--update')) {
  writeFileSync(ROUTES, `${JSON.stringify(counted, null, 2)}\n`);
  writeFileSync(SIZES, `${JSON.stringify(sizes, null, 2)}\n`);
} else {
  const found = [
    ...differences(JSON.parse(readFileSync(ROUTES, 'utf8')) as Budget, counted),
    ...uncounted.map((route) => `${route}: nothing is counted of it; see support/scenarios.ts`),
    ...(Object.keys(sizes) as Bundle[]).flatMap((bundle) => sizeDifferences(bundle, sizes[bundle])),
  ];
  for (const line of found) console.error(line);
  process.exitCode = found.length > 0 ? 1 : 0;
}
// The enclave's program ends with its process, and so do its timers.
process.exit();
