// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run docs`: writes the pages that follow from the program's own tables. With --check: fails when one is stale, when a page names what is not there, or when a claim
 * of docs/security.md names no test.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mitigationsPage, readModel, threatModelPage } from '@enclave-vault/threat-model';
import { testTitles } from '@enclave-vault/threat-model/titles';
import { alarmsPage } from './alarms-page.ts';
import { attacksPage } from './attacks-page.ts';
import { canariesPage } from './canaries-page.ts';
import { checkClaims } from './claims.ts';
import { configurationPage } from './configuration-page.ts';
import { costPage } from './cost/page.ts';
import { doctorPage } from './doctor-page.ts';
import { errorsPage } from './errors-page.ts';
import { checksPage, exampleResourcesPage } from './infra-pages.ts';
import { readPage } from './markdown.ts';
import { deadReferences, pagesOf } from './references.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const has = (path: string) => existsSync(join(root, path));

const model = readModel(root);
const WRITTEN: Readonly<Record<string, string>> = {
  // Where it cannot be read, `threat-model check` says why.
  ...('workspace' in model
    ? {
        'docs/threat-model.md': threatModelPage(model),
        'docs/threat-model/mitigations.md': mitigationsPage(model),
      }
    : {}),
  'docs/canaries.md': canariesPage(read('docs/canaries.md')),
  'docs/errors.md': errorsPage(),
  'docs/configuration.md': configurationPage(),
  'docs/doctor.md': doctorPage(),
  'docs/alarms.md': alarmsPage(),
  'docs/cost.md': costPage(),
  'infra/src/checks/README.md': checksPage(),
  'tests/attacks/README.md': attacksPage(join(root, 'tests/attacks')),
  // Its templates take seconds to make: the tests, which have them, say when it is stale.
  ...(process.argv.includes('--check') ? {} : { 'docs/resources.md': exampleResourcesPage() }),
};
const problems: string[] =
  'workspace' in model ? [] : ['docs/threat-model: unreadable: see `enclave-vault threat-model check`'];
for (const [page, text] of Object.entries(WRITTEN)) {
  if (has(page) && read(page) === text) continue;
  if (process.argv.includes('--check')) problems.push(`${page} is stale: npm run docs writes it`);
  else writeFileSync(join(root, page), text);
}
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
const pages = new Map(pagesOf(root).map((file) => [file, readPage(read(file))]));
problems.push(...deadReferences(root, pages, new Set(Object.keys(scripts))));
const { claims, tests, ...claimed } = checkClaims(read('docs/security.md'), (file) =>
  has(file) ? testTitles(file, read(file)) : undefined,
);
problems.push(...claimed.problems.map((problem) => `docs/security.md: ${problem}`));

for (const problem of problems) console.error(problem);
console.log(`docs: ${pages.size} pages, ${claims} claims on ${tests} tests, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
