// SPDX-License-Identifier: Apache-2.0
/**
 * The function as it is deployed, as Lambda runs it, before KMS, parent and enclave of a local vault: every route
 * answers, with the calls of KMS, DynamoDB and CloudWatch Logs that docs/lambda.md tells.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPlace } from '../../../bench/lambda/place.ts';
import { type Counted, countRoutes, event, expectStatus, tally } from '../../../bench/lambda/routes.ts';
import { buildLambda } from '../../../host/api/build-lambda.ts';
import { FunctionProcess } from '../../../host/api/test/support/function-process.ts';

const ROOT = join(import.meta.dirname, '../../..');
let passed = 0;
let failed = 0;
const check = (what: string, good: boolean, found: unknown = '') => {
  if (good) passed += 1;
  else {
    failed += 1;
    console.log(`FAILED: ${what} ${JSON.stringify(found)}`);
  }
};

/** Rows of the table in the documentation, by their first cell. */
function documented(): Map<string, string> {
  const lines = readFileSync(join(ROOT, 'docs/lambda.md'), 'utf8').split('\n');
  const rows = lines.filter((line) => /^\| .* \| .* \| .* \| .* \|$/.test(line));
  return new Map(rows.map((row) => [row.split(' | ')[0]?.slice(2) ?? '', row]));
}

const rowOf = ({ route, api, enclave, store }: Counted) => `| ${route} | ${api} | ${enclave} | ${store} |`;

const { directory } = await buildLambda(join(ROOT, 'dist/lambda'));
const file = join(directory, 'index.mjs');
const place = await openPlace();
try {
  // The vault of an empty table is another start: integrity keys are made.
  const maker = new FunctionProcess(file, place.env);
  await maker.loaded();
  const { id } = expectStatus(
    await maker.invoke(event('POST', '/v1/vaults', { email: 'marked@example.com' })),
    201,
  );
  await maker.end();

  await place.kmsCalls();
  place.aws.calls.length = 0;
  // Without pairs made beforehand, whose calls come beside requests, a few at once: with them, a record costs as many.
  const running = new FunctionProcess(file, { ...place.env, ENCLAVE_VAULT_KEY_POOL_SIZE: '0' });
  await running.loaded();
  const { api, enclave } = await place.kmsCalls();
  const start: Counted = {
    route: 'cold start',
    api: tally(api),
    enclave: tally(enclave),
    store: tally(place.aws.calls),
  };
  const rows = [start, ...(await countRoutes(running, place))];
  const table = documented();
  for (const row of rows)
    check(`docs/lambda.md: ${row.route}`, table.get(row.route) === rowOf(row), rowOf(row));

  const decrypt = event('POST', `/v1/vaults/${id}/decrypt`, { fields: ['email'], reason: 'a test' });
  const { answer } = await running.invoke(decrypt);
  check(
    'a record of another process opens',
    answer?.body === '{"data":{"email":"marked@example.com"}}',
    answer,
  );
  await running.end();
  check('no value is in the log', !(maker.output + running.output).includes('marked'));
  check('every head of the chains is in the log group', place.aws.heads.length >= 10, place.aws.heads.length);
} catch (error) {
  check('the run ends', false, error instanceof Error ? error.message : error);
} finally {
  await place.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
