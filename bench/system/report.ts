// SPDX-License-Identifier: Apache-2.0
import { cpus, loadavg, release, totalmem } from 'node:os';
import type { Memory } from './memory.ts';

/** One row of the main table: the medians of the rounds. */
export interface Row {
  readonly operation: string;
  readonly clients: number;
  /** Milliseconds. */
  readonly median: number;
  readonly p99: number;
  readonly perSecond: number;
  /** Requests that were answered rightly in all rounds, and the others by what they were answered. */
  readonly requests: number;
  readonly errors: Readonly<Record<string, number>>;
}

export interface Report {
  readonly machine: {
    readonly node: string;
    readonly system: string;
    readonly processor: string;
    readonly cores: number;
    readonly memoryGiB: number;
    /** Of the minute before: what else ran. */
    readonly load: number;
  };
  readonly settings: Readonly<Record<string, number>>;
  /** Milliseconds. */
  readonly startUp: { readonly first: number[]; readonly again: number[] };
  readonly rows: readonly Row[];
  readonly memory: { readonly idle: Record<string, Memory>; readonly loaded: Record<string, Memory> };
}

export function machine(): Report['machine'] {
  return {
    node: process.version,
    system: `${process.platform} ${release()}`,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');

const list = (times: readonly number[]) =>
  times
    .toSorted((a, b) => a - b)
    .map((ms) => (ms / 1000).toFixed(2))
    .join(', ');

/** The report as Markdown. */
export function markdown({ machine: m, settings, startUp, rows, memory }: Report): string {
  const errorsOf = ({ errors }: Row) =>
    Object.entries(errors)
      .map(([what, count]) => `${count} × ${what}`)
      .join(', ') || '0';
  const timings = table(
    ['operation', 'clients', 'median ms', 'p99 ms', 'requests/s', 'requests', 'errors'],
    rows.map((row) => [
      row.operation,
      String(row.clients),
      row.median.toFixed(1),
      row.p99.toFixed(1),
      row.perSecond.toFixed(0),
      String(row.requests),
      errorsOf(row),
    ]),
  );
  const mib = (value: number | undefined) => (value === undefined ? '' : value.toFixed(0));
  const memories = table(
    ['process', 'RSS MiB, idle', 'PSS MiB, idle', 'RSS MiB, after load', 'PSS MiB, after load'],
    Object.keys(memory.idle).map((name) => {
      const [idle, loaded] = [memory.idle[name], memory.loaded[name]];
      return [name, mib(idle?.rss), mib(idle?.pss), mib(loaded?.rss), mib(loaded?.pss)];
    }),
  );
  return `
## The whole vault on loopback

Node ${m.node}, ${m.system}, ${m.processor}, ${m.cores} cores, ${m.memoryGiB} GiB; load before: ${m.load}.
${settings.rounds} rounds of ${settings.seconds} s each after ${settings.warmUpSeconds} s of warm-up; medians of the rounds.
The clients run on the same machine.

${timings}

Start-up, seconds from spawn to ready, built beforehand: first ${list(startUp.first)}; again on the same folder ${list(startUp.again)}.

${memories}
`;
}
