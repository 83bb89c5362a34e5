// SPDX-License-Identifier: Apache-2.0
import type { Load, Sample } from './load.ts';
import { type Cpu, cpuOf, type Memory, memoryOf, peaksOf, resetPeaks, used } from './processes.ts';
import type { Window } from './profile/read.ts';
import { monotonicMicros } from './profile/take.ts';
import { median, pooledP999, quantile, slowestOf } from './statistics.ts';
import type { Measured } from './vault.ts';

export interface Settings {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/** What one round of several was. */
export type Round = Pick<Row, 'perSecond' | 'requests' | 'kmsCalls'>;

/** One measurement: an operation at a number of clients. */
export interface Row {
  readonly operation: string;
  readonly clients: number;
  readonly perSecond: number;
  /** Milliseconds, over all requests that were answered rightly. */
  readonly median: number;
  readonly p99: number;
  readonly p999: number;
  /** The slowest hundredth of them, slowest first; of several rounds none. */
  readonly slowest: readonly number[];
  readonly requests: number;
  /** Others by how they were answered. */
  readonly errors: Readonly<Record<string, number>>;
  /** Refusals without Retry-After or a problem document, and exchanges without an answer. */
  readonly odd: Readonly<Record<string, number>>;
  /** Seconds of processor time of each process while it was measured. */
  readonly cpu: Readonly<Record<string, Cpu>>;
  readonly clientsCpu: number;
  /** Seconds that those are of. */
  readonly elapsed: number;
  /** Afterwards, in MiB. */
  readonly memory: Readonly<Record<string, Memory>>;
  /** The most that each process had in memory at once while it was measured (RSS), in MiB; of several rounds the most of all. Absent where it cannot be read, and in older results. */
  readonly peak?: Readonly<Record<string, number>>;
  /** KMS calls a request; null where its log does not say. */
  readonly kmsCalls: number | null;
  readonly coldRepeated: boolean;
  /** When that was, in microseconds of the monotonic clock: where in a profile it is. */
  readonly window: Window;
  /** Those that it was made of. Absent in older results, and of one round. */
  readonly rounds?: readonly Round[];
}

interface Look {
  readonly at: number;
  readonly micros: number;
  readonly cpu: Record<string, Cpu>;
  /** Whether peaks of memory are counted from then on. */
  readonly peaks: boolean;
}

/** Measures once. Whatever else the machine did meanwhile is in no process's figure, but it is in the latencies. */
export async function measure(
  load: Load,
  measured: Measured,
  operation: string,
  clients: number,
  { seconds, warmUpSeconds, rate }: Pick<Settings, 'seconds' | 'warmUpSeconds'> & { readonly rate?: number },
  /** Of as many callers; without them all clients are one. */
  keys: readonly string[] = [],
): Promise<Row> {
  const { target, pids } = measured;
  const looks: Look[] = [];
  let calls: number | undefined;
  const spans = { warmUpMs: warmUpSeconds * 1000, ms: seconds * 1000 };
  const sample = await load.run(
    { ...target, keys, operation, clients, ...spans, patient: false, ...(rate !== undefined && { rate }) },
    (phase) => {
      const peaks = phase === 'measuring' && resetPeaks(pids);
      looks.push({ at: performance.now(), micros: monotonicMicros(), cpu: cpuOf(pids), peaks });
      if (phase === 'measuring') measured.kmsCalls();
      else calls = measured.kmsCalls();
    },
  );
  const [first, last] = looks;
  if (first === undefined || last === undefined) throw new Error('the clients did not say when they began');
  return rowOf(operation, clients, sample, {
    cpu: used(first.cpu, last.cpu),
    elapsed: (last.at - first.at) / 1000,
    window: [first.micros, last.micros],
    memory: memoryOf(pids),
    ...(first.peaks && { peak: peaksOf(pids) }),
    kmsCalls: calls === undefined ? null : calls / Math.max(1, answeredBetween(sample, last.at - first.at)),
  });
}

/** Requests answered in so many milliseconds. The sample's last answers came later than the last look: many clients have many under way. */
const answeredBetween = ({ times, errors, ms: until }: Sample, ms: number): number =>
  ((times.length + errors.reduce((sum, [, count]) => sum + count, 0)) / until) * ms;

function rowOf(
  operation: string,
  clients: number,
  { times, ms, errors, odd, cpuSeconds, coldRepeated }: Sample,
  found: Pick<Row, 'cpu' | 'elapsed' | 'memory' | 'peak' | 'kmsCalls' | 'window'>,
): Row {
  return {
    operation,
    clients,
    perSecond: (times.length / ms) * 1000,
    median: median(times),
    p99: quantile(times, 0.99),
    p999: quantile(times, 0.999),
    slowest: slowestOf(times),
    requests: times.length,
    errors: Object.fromEntries(errors),
    odd: Object.fromEntries(odd),
    clientsCpu: cpuSeconds,
    coldRepeated,
    ...found,
  };
}

/** Counts by what they are of. */
export function addedUp(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [what, count] of all.flatMap((counts) => Object.entries(counts)))
    sums[what] = (sums[what] ?? 0) + count;
  return sums;
}

/** The most of each. */
export function mostOf(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const most: Record<string, number> = {};
  for (const [what, value] of all.flatMap((values) => Object.entries(values)))
    most[what] = Math.max(most[what] ?? 0, value);
  return most;
}

/** The rounds of one measurement as one: the median of each figure, p99.9 that of all requests, errors added up. */
export function ofRounds(rows: readonly Row[]): Row {
  const [first] = rows;
  if (first === undefined) throw new Error('there are no rounds');
  const middle = (of: (row: Row) => number) => median(rows.map(of));
  // Processor time and memory are those of the round in the middle by throughput, so that they belong together.
  const typical =
    rows.toSorted((a, b) => a.perSecond - b.perSecond)[Math.floor((rows.length - 1) / 2)] ?? first;
  const requests = rows.reduce((sum, row) => sum + row.requests, 0);
  const known = rows.flatMap(({ kmsCalls }) => (kmsCalls === null ? [] : [kmsCalls]));
  const peaks = rows.flatMap(({ peak }) => (peak === undefined ? [] : [peak]));
  return {
    ...typical,
    perSecond: middle((row) => row.perSecond),
    median: middle((row) => row.median),
    p99: middle((row) => row.p99),
    p999: pooledP999(
      rows.map(({ slowest }) => slowest),
      requests,
    ),
    slowest: [],
    requests,
    // Of a round of which KMS's log does not say it nothing is known.
    kmsCalls: known.length === 0 ? null : median(known),
    errors: addedUp(rows.map((row) => row.errors)),
    odd: addedUp(rows.map((row) => row.odd)),
    coldRepeated: rows.some((row) => row.coldRepeated),
    ...(peaks.length > 0 && { peak: mostOf(peaks) }),
    rounds: rows.map(({ perSecond, requests: of, kmsCalls }) => ({ perSecond, requests: of, kmsCalls })),
  };
}

/** Milliseconds of processor time a request, of the processes that `which` names. */
export function cpuPerRequest(row: Row, which: (name: string) => boolean): number {
  if (row.requests === 0) return Number.NaN;
  const seconds = Object.entries(row.cpu).reduce(
    (sum, [name, { all }]) => (which(name) ? sum + all : sum),
    0,
  );
  return (seconds * 1000) / Math.max(1, row.perSecond * row.elapsed);
}
