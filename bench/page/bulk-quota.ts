// SPDX-License-Identifier: Apache-2.0
import { type BulkResult, kmsOf, type Way } from '../bulk/result.ts';
import { figure, table } from '../support/table.ts';
import { commandOfBulk, duration, QUOTA } from './bulk-words.ts';
import { underLoad } from './caution.ts';

/** Of a quota: what uses as much of it is bound by it. */
const BOUND = 0.9;
const MILLION = 1_000_000;

/** The reckoning held against a local KMS that has such a quota. Empty where that was not measured. */
export function tried(result: BulkResult | undefined): string {
  if (result === undefined) return '';
  const { settings, ways, measured, commit, machine } = result;
  const quota = quotaOf(settings.kmsQuota);
  const shares = ways.map((way) => ({ way, ...sharesOf(way, quota) }));
  return `
### The same under a quota of KMS
${underLoad(machine)}
${settings.records.toLocaleString('en-US')} records, with a local KMS that refuses what is above ${quota.pairs.toLocaleString('en-US')} key pairs and ${quota.others.toLocaleString('en-US')} other requests a second. Rows that had to wait for that are *sent again*; *KMS refused* counts each call above the quota.

${table(
  [
    '',
    'records/s',
    'seconds',
    'sent again',
    'key pairs/s',
    'of the quota',
    'others/s',
    'of the quota',
    'KMS refused/s',
  ],
  shares.map(({ way, pairs, others }) => [
    way.way,
    figure(way.perSecond),
    figure(way.seconds),
    way.sentAgain.toLocaleString('en-US'),
    figure(pairs.perSecond),
    percent(pairs.share),
    figure(others.perSecond),
    percent(others.share),
    figure(kmsOf(way).refused / way.seconds),
  ]),
)}

${shares.map(({ way, pairs, others }) => boundOf(way, pairs.share, others.share)).join(' ')}${million(ways)}

\`${commandOfBulk(result)}\`, ${measured.slice(0, 10)}, ${commit}.
`;
}

interface Quota {
  readonly pairs: number;
  readonly others: number;
}

/** `100,10000`, as the local KMS takes it. */
function quotaOf(text: string | null): Quota {
  const [pairs = Number.NaN, others = Number.NaN] = (text ?? '').split(',').map(Number);
  return { pairs, others };
}

function sharesOf(way: Way, quota: Quota) {
  const { pairs, others } = kmsOf(way);
  const of = (calls: number, most: number) => ({
    perSecond: calls / way.seconds,
    share: calls / way.seconds / most,
  });
  return { pairs: of(pairs, quota.pairs), others: of(others, quota.others) };
}

function boundOf(way: Way, pairs: number, others: number): string {
  const [most, what] = pairs >= others ? [pairs, 'key pairs'] : [others, 'other requests'];
  const { refused } = kmsOf(way);
  if (most < BOUND && refused === 0)
    return `The ${way.way} is bound by this machine: of a quota it used ${percent(most)} at most (${what}).`;
  const rest = most < BOUND ? '; the rest passed while rows that were refused waited to be sent again' : '';
  return `The ${way.way} is bound by the quota of ${what}, of which it used ${percent(most)}${rest}.`;
}

/** What it makes of a million: by the rate of this run, and by AWS's quota, which no client and no machine gets around. */
function million(ways: readonly Way[]): string {
  const made = ways.find(({ way }) => way === 'import');
  if (made === undefined) return '';
  return ` At the import's rate a million records take ${duration(MILLION / made.perSecond)}; AWS's ${QUOTA.pairs} key pairs a second let them in within ${duration(MILLION / QUOTA.pairs)} at the soonest, as each record has a pair of its own.`;
}

const percent = (share: number): string => (Number.isFinite(share) ? `${(share * 100).toFixed(0)} %` : '–');
