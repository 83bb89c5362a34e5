// SPDX-License-Identifier: Apache-2.0
import { ASSUMPTIONS } from '../../tools/docs-check/cost/model.ts';
import { REGIONS, type Region } from '../../tools/docs-check/cost/prices.ts';
import {
  bounds,
  dollars,
  enclaveCapacity,
  enclaves,
  instanceDollars,
  instancesFor,
  oneRecord,
  type Request,
  recordsInUse,
  total,
} from '../model/arithmetic.ts';
import { DEPLOYED } from '../model/deployed.ts';
import { MEMORY, QUOTAS } from '../model/quotas.ts';
import { type ModelResult, RATES } from '../model/result.ts';
import type { Run } from '../support/run.ts';
import { figure, rough, roughDown, table } from '../support/table.ts';
import { advice, STEPS_REGION, shares } from './model-steps.ts';
import { lines } from './plot.ts';

const SECONDS_OF_A_MONTH = 730 * 3600;

/** Cost and throughput on AWS, and what binds first. */
export function section(run: Run): string {
  return modelText(run as ModelResult);
}

export function modelText(result: ModelResult): string {
  const { requests, deployment, cache, sources } = result;
  const { perSecond, perHour } = deployment.rate;
  const hits = 1 - requests.hot.kmsCalls;
  const readsAMinute = (60 / cache.ageSeconds) * (1 / requests.hot.kmsCalls - 1);
  const most = Math.max(...RATES);
  const [raised, asIs] = [
    enclaves(requests.cold, { ...deployment, region: 'us-east-1' }, most).byCpu,
    instancesFor(requests.cold, { ...deployment, region: 'us-east-1' }, most),
  ];
  const capacity = enclaveCapacity(requests.cold, { ...deployment, region: 'us-east-1' });
  return `
## On AWS: a model of cost and throughput

**Nothing of this ran on AWS, and no quota was read in an account.** It multiplies what was measured here by [prices](cost.md#prices) and quotas; the arithmetic is \`bench/model/arithmetic.ts\`, held by tests against examples done by hand. A decryption is of a record of 12 fields. What is reckoned has two digits: not more is known.

**"Hot" is a condition, and not what a cache brings by itself**: ${percent(hits)} of the reads find their key in their enclave's cache, where it is for ${cache.ageSeconds} s. That takes about ${rough(readsAMinute)} reads a minute of each record in each enclave. Requests go to any enclave, so this holds for few records: how many at most, [the table](#what-it-costs) says beside the dollars. With more records in use, or with reads that seldom come again, the rows of decryptions are what you pay.

${sources.map((source) => `- ${source}.`).join('\n')}
- An enclave has ${deployment.enclaveCpus} processors, of which ${percent(deployment.busy)} are used: the rest is for peaks. At least ${deployment.least} instances, of c6g.xlarge. A request is assumed to occupy a place of the function for ${ASSUMPTIONS.functionMs} ms: that was not measured on AWS ([here](#start-up-and-size), with stand-ins that answer at once, it is 10 to 20 ms).

### What binds first
A quota is reached at so many requests a second and Region. Quotas are defaults; most can be raised, and Service Quotas shows those of an account. Where Regions differ: ${REGIONS.join(' / ')}.

${firstBound(requests)}

${boundsTable(requests)}

- ${ownLimits(result)}
- **One record** takes at most ${figure(oneRecord(requests.cold, 'us-east-1'))} decryptions a second by the quota, however large the deployment: its chain lies in one partition (1,000 write units a second, of which an entry and its head take ${requests.cold.chainWrites}). It takes fewer, by the time of a transaction each: the entries of a chain are written one after the other, which was not measured on AWS. Other records are not in its way. Ask for several fields in one request.
- **One enclave** opens about ${rough(capacity.byCpu)} records a second by its processors, and ${figure(capacity.byRate)} in the long run by its own limit \`decryption.rate\`, by default ${perSecond.toLocaleString('en-US')} a second and ${perHour.toLocaleString('en-US')} an hour ([why](adr/0030-measured-rate-and-clock.md)). Raising it changes PCR16 and is a rollout. Raise it to what you need and no further: it bounds what a stolen API can read.
- The balancer before the instances has no quota of requests.

### What to do at each step
So many decryptions a second in ${STEPS_REGION}, of records that are not hot. Quotas and settings are as they are by default.

${RATES.map((rate) => `- **${rate.toLocaleString('en-US')} a second**: ${advice(rate, result)}`).join('\n')}

${shares()}

### What it costs
US dollars a month at that rate day and night, us-east-1, without what an idle deployment costs besides instances, without X-Ray, endpoints and balancer, which grow with the load ([cost](cost.md)), and without discounts for volume. Two digits: the ${ASSUMPTIONS.functionMs} ms of the function are not measured on AWS, nor is the enclave's processor time.
The number of instances follows from the default \`decryption.rate\`. With that raised, processors decide: at ${most.toLocaleString('en-US')} decryptions a second about ${rough(raised)} in place of ${rough(asIs)}, and $${rough(instanceDollars(raised, 'us-east-1'))} in place of $${rough(instanceDollars(asIs, 'us-east-1'))}.

${costTable(result)}

All columns but instances are paid by the request, so a million decryptions costs about the same at every rate; at small rates it is instances. A cache of keys takes KMS's part and that of its trail away, and [what it gives up for that](key-cache.md) has a page.

![Decryptions a second and dollars a month](performance/model.svg)

\`npx node bench/model.ts\`, ${result.measured.slice(0, 10)}, ${result.commit}. Of this machine it has nothing but the processor time of the enclave.
`;
}

export function plots(run: Run): Readonly<Record<string, string>> {
  const result = run as ModelResult;
  const line = (label: string, request: Request, region: Region) => ({
    label: `${label}, ${region}`,
    points: RATES.map(
      (rate) => [rate, total(dollars(request, { ...result.deployment, region }, rate))] as const,
    ),
  });
  return {
    'model.svg': lines({
      title: 'What decryptions cost on AWS, by the model',
      x: 'decryptions a second',
      y: '$ a month',
      logX: true,
      logY: true,
      lines: REGIONS.flatMap((region) => [
        line('a call of KMS each', result.requests.cold, region),
        line(`${percent(1 - result.requests.hot.kmsCalls)} from the cache`, result.requests.hot, region),
      ]),
    }),
  };
}

/** The answer, before the table that has all of them. */
function firstBound({ cold, create }: ModelResult['requests']): string {
  const first = (request: Request, without: RegExp): string => {
    const found = bounds(request, 'eu-central-1').find(({ quota }) => !without.test(quota.name));
    return found === undefined ? 'none' : `${found.quota.name}, at ${rough(found.at)} a second`;
  };
  const unread = QUOTAS.filter(({ source }) => source.includes(MEMORY)).length;
  return `Without a setting in the way **decryptions** meet first, in eu-central-1: ${first(cold, /^$/)}; of a table that has grown: ${first(cold, /new table/)}. **Creates** meet first: ${first(create, /^$/)}. Rows are in the order in which decryptions meet them there; what creates alone meet stands last. ${unread} of these ${QUOTAS.length} quotas were not read on AWS's pages: look in Service Quotas before you rely on the order.`;
}

function boundsTable({ cold, hot, create }: ModelResult['requests']): string {
  // As decryptions in the smaller Region meet them, the one first that binds first; what only creates meet, last.
  const all = new Map(
    [cold, create].flatMap((request) =>
      bounds(request, 'eu-central-1').map(({ quota }) => [quota.name, quota] as const),
    ),
  );
  const each = (of: (region: Region) => number | undefined, shown: (value: number) => string): string => {
    const found = REGIONS.map(of).map((value) => (value === undefined ? '–' : shown(value)));
    return [...new Set(found)].join(' / ');
  };
  const cell = (request: Request, name: string): string =>
    each((region) => bounds(request, region).find(({ quota }) => quota.name === name)?.at, roughDown);
  return table(
    [
      'quota',
      'its default (a second, but for concurrent executions)',
      'decryptions/s that meet it',
      'hot decryptions/s',
      'creates/s',
      'what to do',
      'source',
    ],
    [...all.values()].map((quota) => [
      quota.name,
      each((region) => quota.most[region], figure),
      ...[cold, hot, create].map((request) => cell(request, quota.name)),
      quota.mend,
      quota.source,
    ]),
    'words',
  );
}

/** A deployment's own limits, which come before AWS's quotas. */
function ownLimits({ requests, deployment }: ModelResult): string {
  const { decryptRate, rate, instances } = DEPLOYED;
  const each = enclaveCapacity(requests.cold, { ...deployment, region: STEPS_REGION }).byRate;
  return `**The deployment's own settings bind before all of these** until they are raised ([role deploy](configuration.md#role-deploy)): \`${decryptRate.path}\` lets ${decryptRate.byDefault} decryptions a second through, of all callers together, \`${rate.path}\` ${rate.byDefault} requests, and \`${instances.path}\` allows ${instances.byDefault} instances, of which rollouts need one. The other ${instances.byDefault - 1} open ${figure((instances.byDefault - 1) * each)} records a second by the default \`decryption.rate\`. \`${decryptRate.path}\` is low on purpose: it bounds how fast stolen API keys can empty the vault.`;
}

function costTable({ requests, deployment, cache }: ModelResult): string {
  const at = { ...deployment, region: 'us-east-1' } as const;
  const row = (rate: number, what: string, request: Request, under = ''): readonly string[] => {
    const parts = dollars(request, at, rate);
    const sum = total(parts);
    const instances = instancesFor(request, at, rate);
    return [
      `${counted(rate, what)}${under}`,
      // Where each read calls KMS, and where nothing is read, it does not matter which record it is.
      request === requests.hot
        ? `about ${roughDown(recordsInUse(request.kmsCalls, cache, instances, rate))}`
        : 'any',
      instances.toLocaleString('en-US'),
      ...Object.values(parts).map(rough),
      rough(sum),
      rough((sum / (rate * SECONDS_OF_A_MONTH)) * 1e6),
    ];
  };
  const heads = Object.keys(dollars(requests.cold, at, 1));
  return table(
    [
      'requests a second',
      'records in use, at most',
      'instances',
      ...heads.map((name) => `$ ${name}`),
      '$ together',
      '$ a million',
    ],
    [
      ...RATES.map((rate) => row(rate, 'decryption', requests.cold)),
      ...RATES.filter((rate) => rate >= 1_000).map((rate) =>
        row(rate, 'decryption', requests.hot, `, ${percent(1 - requests.hot.kmsCalls)} from the cache`),
      ),
      ...[1, 100].map((rate) => row(rate, 'create', requests.create)),
    ],
  );
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const counted = (n: number, what: string): string =>
  `${n.toLocaleString('en-US')} ${what}${n === 1 ? '' : 's'}`;
