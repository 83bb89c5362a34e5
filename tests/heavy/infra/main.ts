// SPDX-License-Identifier: Apache-2.0
/**
 * `bash tests/heavy/infra.sh`: templates before other judges than ours. cfn-lint, with the Regions of three partitions, and moto, which
 * makes what it can of them. What a judge does not know is listed with the reason, and the list may not be longer than it must.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { made, VARIANTS, type Variant } from '../../../infra/test/checks/variants.ts';
import { Checks } from '../../support/checks.ts';
import { lint, staleAcceptances } from './lint.ts';
import { deployToMoto } from './moto.ts';
import { preparePython } from './python.ts';

const prepared = preparePython();
if ('missing' in prepared) {
  console.log(`SKIPPED: cfn-lint and moto (${prepared.missing})`);
  console.log('0 passed, 0 failed');
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), 'ev-infra-'));
const checks = new Checks();
try {
  for (const variant of Object.keys(VARIANTS) as Variant[]) {
    const { region, files } = write(variant);
    lint(checks, prepared.bin, { variant, region, files });
    if (variant === 'least') deployToMoto(checks, prepared.bin, { variant, region, files });
  }
  staleAcceptances(checks);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
checks.finish();

/** Templates of a variant as files, in the order of deployment. Those of replica Regions are no business of this Region's. */
function write(variant: Variant): { readonly region: string; readonly files: readonly string[] } {
  const templates = made(variant);
  const own = templates.filter(({ stage }) => stage.id !== 'keys-replica');
  mkdirSync(join(folder, variant));
  const files = own.map(({ stage, template }) => {
    const file = join(folder, variant, `${stage.id}.json`);
    writeFileSync(file, JSON.stringify(template, undefined, 1));
    return file;
  });
  return { region: own[0]?.config.region ?? '', files };
}
