// SPDX-License-Identifier: Apache-2.0
/**
 * Cold starts of the Lambda function, with the AWS SDK in its file and without: `node bench/lambda.ts [--runs 20]
 * [--json FILE]`. Then the calls of KMS and DynamoDB that a start and each route make.
 *
 * Each run is a process of its own that does what Lambda's runtime does (host/api/test/support/runtime.mjs): it loads
 * the file, waits for its top level, and hands it an event. The variants take turns. KMS, parent and enclave are those
 * of a local vault; DynamoDB and CloudWatch Logs are stand-ins that answer at once, so that what is measured is the
 * function. What AWS adds (a machine, the file's way to it, the network) is not in it.
 */
import { writeFileSync } from 'node:fs';
import { FunctionProcess } from '../host/api/test/support/function-process.ts';
import { peakOf } from './bulk/client.ts';
import { openPlace, type Place } from './lambda/place.ts';
import { type Counted, countRoutes, event, expectStatus, tally } from './lambda/routes.ts';
import { makeVariants, type Variant } from './lambda/variants.ts';
import { optionsOf } from './support/options.ts';
import { machine } from './support/run.ts';
import { median, quantile } from './system/statistics.ts';

const values = optionsOf('lambda', { runs: { type: 'string', default: '20' }, json: { type: 'string' } });
const RUNS = Number(values.runs);

/** Milliseconds from the spawn of the process. */
interface Times {
  /** The function is loaded, its vault open. */
  readonly loaded: number[];
  /** It answered which fields a record has. */
  readonly answered: number[];
  /** What it computed until then, on all threads. */
  readonly cpu: number[];
  /** Its first decryption alone, and the one after. */
  readonly decrypt: number[];
  readonly decryptAgain: number[];
  /** The most that it had in memory until then (RSS), MiB. */
  readonly peak: number[];
}

const before = machine();
const [variants, place] = await Promise.all([makeVariants(), openPlace()]);
try {
  const id = await makeRecord(variants[0], place);
  const times = new Map<Variant, Times>(
    variants.map((one) => [
      one,
      { loaded: [], answered: [], cpu: [], decrypt: [], decryptAgain: [], peak: [] },
    ]),
  );
  // One of each is thrown away: the files are in memory then, as on a machine that has just been given them.
  for (let run = -1; run < RUNS; run += 1) {
    for (const [variant, found] of times) {
      const took = await coldStart(variant, place, id);
      if (run < 0) continue;
      for (const [name, one] of Object.entries(took)) found[name as keyof Times].push(one);
      process.stderr.write(`run ${run + 1}, ${variant.name}: ${Math.round(took.answered)} ms\n`);
    }
  }
  const counts = await countAll(variants[0], place);
  print(times, counts);
  if (values.json !== undefined) {
    const rows = [...times].map(([{ name, bytes, gzipped }, found]) => ({ name, bytes, gzipped, ...found }));
    writeFileSync(values.json, `${JSON.stringify({ machine: before, runs: RUNS, rows, counts }, null, 2)}\n`);
  }
} finally {
  await place.close();
}

async function makeRecord(variant: Variant | undefined, { env }: Place): Promise<string> {
  const running = new FunctionProcess(variant?.file ?? '', env);
  await running.loaded();
  const record = { email: 'ada@example.com', dob: '1990-12-10' };
  const { id = '' } = expectStatus(await running.invoke(event('POST', '/v1/vaults', record)), 201);
  await running.end();
  return id;
}

async function coldStart({ file }: Variant, { env }: Place, id: string) {
  const began = performance.now();
  const since = () => performance.now() - began;
  const running = new FunctionProcess(file, env);
  await running.loaded();
  const loaded = since();
  const first = await running.invoke(event('GET', `/v1/vaults/${id}`));
  const answered = since();
  expectStatus(first, 200);
  const decryption = event('POST', `/v1/vaults/${id}/decrypt`, {
    fields: ['email'],
    reason: 'a measurement',
  });
  expectStatus(await running.invoke(decryption), 200);
  const decrypt = since() - answered;
  const again = since();
  expectStatus(await running.invoke(decryption), 200);
  const decryptAgain = since() - again;
  const peak = peakOf(running.process.pid ?? 0);
  await running.end();
  return { loaded, answered, cpu: first.cpu, decrypt, decryptAgain, peak };
}

/** Calls of a start, then of each route. */
async function countAll(variant: Variant | undefined, place: Place): Promise<Counted[]> {
  await place.kmsCalls();
  place.aws.calls.length = 0;
  const running = new FunctionProcess(variant?.file ?? '', place.env);
  await running.loaded();
  const { api, enclave } = await place.kmsCalls();
  const start = {
    route: 'cold start',
    api: tally(api),
    enclave: tally(enclave),
    store: tally(place.aws.calls),
  };
  const rows = await countRoutes(running, place);
  await running.end();
  return [start, ...rows];
}

function print(times: Map<Variant, Times>, counts: readonly Counted[]): void {
  const { node, processor, cores, load } = before;
  const ms = (all: readonly number[]) => `${Math.round(median(all))} (${Math.round(quantile(all, 0.9))})`;
  const lines = [
    `Node ${node}, ${cores} cores of ${processor}, load ${load}; ${RUNS} runs each, in turns. Milliseconds: median (90th percentile).`,
    '',
    '| variant | bytes | gzipped | loaded, vault open | first answer | computed until then | first decrypt | next decrypt | MiB (RSS) |',
    '|---|---:|---:|---:|---:|---:|---:|---:|---:|',
    ...[...times].map(
      ([{ name, bytes, gzipped }, { loaded, answered, cpu, decrypt, decryptAgain, peak }]) =>
        `| ${name} | ${bytes} | ${gzipped} | ${ms(loaded)} | ${ms(answered)} | ${ms(cpu)} | ${ms(decrypt)} | ${ms(decryptAgain)} | ${ms(peak)} |`,
    ),
    '',
    '| call | KMS, by the function | KMS, by the enclave | DynamoDB and CloudWatch Logs |',
    '|---|---|---|---|',
    ...counts.map(({ route, api, enclave, store }) => `| ${route} | ${api} | ${enclave} | ${store} |`),
  ];
  console.log(lines.join('\n'));
}
