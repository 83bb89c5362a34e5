// SPDX-License-Identifier: Apache-2.0
import { ASSUMPTIONS } from '../../tools/docs-check/cost/model.ts';
import { REGIONS, type Region } from '../../tools/docs-check/cost/prices.ts';
import {
  bounds,
  dollars,
  enclaveCapacity,
  enclaves,
  oneRecord,
  type Request,
  total,
} from '../model/arithmetic.ts';
import { type ModelResult, RATES } from '../model/result.ts';
import type { Run } from '../support/run.ts';
import { figure, table } from '../support/table.ts';
import { lines } from './plot.ts';

const SECONDS_OF_A_MONTH = 730 * 3600;

/** Cost and throughput on AWS, and what binds first. */
export function section(run: Run): string {
  return modelText(run as ModelResult);
}

export function modelText(result: ModelResult): string {
  const { requests, deployment, sources } = result;
  const { perSecond, perHour } = deployment.rate;
  const capacity = enclaveCapacity(requests.cold, { ...deployment, region: 'us-east-1' });
  return `
## On AWS: a model of cost and throughput

**Nothing of this ran on AWS, and no quota was read in an account.** It multiplies what was measured here by [prices](cost.md#prices) and quotas; the arithmetic is \`bench/model/arithmetic.ts\`, held by tests against examples done by hand. A decryption is of a record of 12 fields.
"Hot": the enclave has the keys of ${percent(1 - requests.hot.kmsCalls)} of what is asked for in its cache.

${sources.map((source) => `- ${source}.`).join('\n')}
- An enclave has ${deployment.enclaveCpus} processors, of which ${percent(deployment.busy)} are used: the rest is for peaks. At least ${deployment.least} instances, of c6g.xlarge. A request has a place of the function for ${ASSUMPTIONS.functionMs} ms: taken for true, not measured on AWS.

### What binds first
A quota is used up at so many requests a second and Region. Quotas are defaults; most can be raised, and Service Quotas shows those of an account. Where Regions differ: ${REGIONS.join(' / ')}.

${boundsTable(requests)}

- **One record** takes ${figure(oneRecord(requests.cold, 'us-east-1'))} decryptions a second, however large the deployment: its chain lies in one partition (1,000 write units a second, of which an entry and its head take ${requests.cold.chainWrites}). Other records are not in its way. Ask for several fields in one request.
- **One enclave** opens ${figure(capacity.byCpu)} records a second by its processors, and ${figure(capacity.byRate)} as it is configured without a setting: the measured rate is ${perSecond.toLocaleString('en-US')} a second and ${perHour.toLocaleString('en-US')} an hour ([why](adr/0030-measured-rate-and-clock.md)). Beyond that, \`enclave.rate\` is to be raised, which changes PCR16 and is a rollout; it should be what you need and not more, for it bounds what a stolen API can read.
- The balancer before the instances has no quota of requests.

### What to do at each step
${RATES.map((rate) => `- **${rate.toLocaleString('en-US')} a second**: ${advice(rate, result)}`).join('\n')}

### What it costs
US dollars a month at that rate day and night, us-east-1, without what an idle deployment costs besides instances ([cost](cost.md)), and without discounts for volume.

${costTable(result)}

${['KMS', 'DynamoDB', 'API Gateway'].join(', ')} are paid by the request, so a million decryptions costs about the same at every rate; at small rates it is instances. A cache of keys takes KMS's part and that of its trail away, and [what it gives up for that](key-cache.md) has a page.

![Decryptions a second and dollars a month](performance/model.svg)
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
        line('hot records', result.requests.hot, region),
      ]),
    }),
  };
}

function boundsTable({ cold, hot, create }: ModelResult['requests']): string {
  // As decryptions in the smaller Region meet them, the one first that binds first; what only creates meet, last.
  const all = new Map(
    [cold, create].flatMap((request) =>
      bounds(request, 'eu-central-1').map(({ quota }) => [quota.name, quota] as const),
    ),
  );
  const each = (of: (region: Region) => number | undefined): string => {
    const found = REGIONS.map(of).map((value) => (value === undefined ? '–' : figure(value)));
    return [...new Set(found)].join(' / ');
  };
  const cell = (request: Request, name: string): string =>
    each((region) => bounds(request, region).find(({ quota }) => quota.name === name)?.at);
  return table(
    ['quota, a second', 'default', 'decryptions', 'hot', 'creates', 'what to do', 'source'],
    [...all.values()].map((quota) => [
      quota.name,
      each((region) => quota.most[region]),
      ...[cold, hot, create].map((request) => cell(request, quota.name)),
      quota.mend,
      quota.source,
    ]),
  );
}

function advice(rate: number, { requests, deployment }: ModelResult): string {
  const region: Region = 'us-east-1';
  const { byCpu, byRate } = enclaves(requests.cold, { ...deployment, region }, rate);
  const hot = enclaves(requests.hot, { ...deployment, region }, rate).byCpu;
  const instances =
    byRate > byCpu
      ? `${byCpu} instances by their processors (${hot} where records are hot), and ${byRate} if the measured rate is left as it is: raise it`
      : `${byCpu} instances`;
  const over = bounds(requests.cold, region)
    .filter(({ at }) => at < rate)
    .map(({ quota, at }) => `${quota.name} (${times(rate / at)})`);
  const creates = bounds(requests.create, region).filter(({ at }) => at < rate);
  const first = creates[0];
  const made =
    first === undefined
      ? ''
      : ` As many creates would be ${times(rate / first.at)} what ${first.quota.name} gives.`;
  return `${instances}. ${over.length === 0 ? 'No default quota is reached.' : `Over the default, by so much: ${over.join('; ')}.`}${made}`;
}

function costTable({ requests, deployment }: ModelResult): string {
  const at = { ...deployment, region: 'us-east-1' } as const;
  const row = (label: string, request: Request, rate: number): readonly string[] => {
    const parts = dollars(request, at, rate);
    const sum = total(parts);
    return [
      `${rate.toLocaleString('en-US')} ${label}`,
      ...Object.values(parts).map(figure),
      figure(sum),
      ((sum / (rate * SECONDS_OF_A_MONTH)) * 1e6).toFixed(2),
    ];
  };
  const heads = Object.keys(dollars(requests.cold, at, 1));
  return table(
    ['requests a second', ...heads, 'together', '$ a million'],
    [
      ...RATES.map((rate) => row('decryptions', requests.cold, rate)),
      ...RATES.filter((rate) => rate >= 1_000).map((rate) => row('of hot records', requests.hot, rate)),
      ...[1, 100].map((rate) => row('creates', requests.create, rate)),
    ],
  );
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const times = (ratio: number): string => `${figure(ratio)} times`;
