// SPDX-License-Identifier: Apache-2.0
import type { Run } from '../support/run.ts';
import { figure, table } from '../support/table.ts';
import { repeatedCold } from './cold.ts';
import { bottleneck, type Cost, costOf, type Profiled } from './cost.ts';
import { notAllHot } from './hot.ts';
import { coresUsed } from './limits.ts';
import { cpuPerRequest, mostOf, type Row, type Settings } from './measure.ts';
import { type OpenRow, openTable } from './open-loop.ts';
import type { Overload } from './overload.ts';
import { isVaults, type Memory } from './processes.ts';
import { SAMPLES_OF_P999 } from './statistics.ts';

/** What bench/system.ts writes. */
export interface SystemResult extends Run {
  readonly settings: Settings & {
    readonly hot: number;
    readonly cold: number;
    /** Absent in older results: one. */
    readonly enclaves?: number;
  };
  readonly rows: readonly Row[];
  /** Absent in older results. */
  readonly open?: readonly OpenRow[];
  readonly overloads: readonly Overload[];
  readonly memory: { readonly idle: Record<string, Memory>; readonly loaded: Record<string, Memory> };
  /** Each operation on a vault that takes profiles of itself. */
  readonly profiled: readonly Profiled[];
}

/** Where decryptions were not as cold as their name says. */
export function systemCold({ rows, settings: { cold, enclaves = 1 } }: SystemResult): string {
  return repeatedCold(rows, () => cold / enclaves, clientsOf);
}

export const clientsOf = ({ clients }: Row): string => `${clients} clients`;

export const list = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([what, count]) => `${count} × ${what}`)
    .join(', ') || '0';

/** The main table. */
export function timings(rows: readonly Row[]): string {
  const spread = rows.some(({ rounds = [] }) => rounds.length > 1);
  return table(
    [
      'operation',
      'clients',
      spread ? 'requests/s (least to most of the rounds)' : 'requests/s',
      'median ms',
      'p99 ms',
      'p99.9 ms',
      'CPU ms a request',
      'KMS calls a request',
      'errors',
    ],
    byOperation(rows).map((row) => [
      notAllHot(row) ? `${row.operation} *not all hot*` : row.operation,
      String(row.clients),
      `${figure(row.perSecond)}${spreadOf(row)}`,
      figure(row.median),
      figure(row.p99),
      figure(row.requests < SAMPLES_OF_P999 ? Number.NaN : row.p999),
      figure(cpuPerRequest(row, isVaults)),
      row.kmsCalls === null ? '–' : figure(row.kmsCalls),
      list(row.errors),
    ]),
  );
}

/** An operation's rows beside each other. */
const byOperation = (rows: readonly Row[]): readonly Row[] =>
  [...Map.groupBy(rows, ({ operation }) => operation).values()].flat();

/** How far the rounds were apart. */
function spreadOf({ rounds = [] }: Row): string {
  if (rounds.length < 2) return '';
  const speeds = rounds.map(({ perSecond }) => perSecond);
  return ` (${figure(Math.min(...speeds))} to ${figure(Math.max(...speeds))})`;
}

/** Milliseconds of processor time a request, of each process; the clients' too. */
export function processorTable(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap(({ cpu }) => Object.keys(cpu)))];
  return table(
    ['operation, clients', ...names, 'clients', 'cores used'],
    rows.map((row) => {
      const requests = Math.max(1, row.perSecond * row.elapsed);
      return [
        `${row.operation}, ${row.clients}`,
        ...names.map((name) => figure(cpuPerRequest(row, (one) => one === name))),
        figure((row.clientsCpu * 1000) / requests),
        figure(coresUsed(row)),
      ];
    }),
  );
}

/** The most that each process had in memory (RSS, MiB) under each operation, whatever the number of clients. Empty where the rows do not say. */
export function peakTable(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(memoriesOf(row))))];
  if (names.length === 0) return '';
  return table(
    ['operation', ...names],
    [...Map.groupBy(rows, ({ operation }) => operation)].map(([operation, those]) => {
      const most = mostOf(those.map(memoriesOf));
      return [operation, ...names.map((name) => most[name]?.toFixed(0) ?? '–')];
    }),
  );
}

/** Older results have no peaks, but what there was afterwards. */
const memoriesOf = ({ peak, memory }: Row): Readonly<Record<string, number>> =>
  peak ?? Object.fromEntries(Object.entries(memory).map(([name, { rss }]) => [name, rss]));

export function memoryTable({ idle, loaded }: SystemResult['memory']): string {
  const mib = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(0));
  return table(
    ['process', 'RSS MiB, at rest', 'PSS MiB, at rest', 'RSS MiB, after load', 'PSS MiB, after load'],
    Object.keys(idle).map((name) => {
      const [rest, work] = [idle[name], loaded[name]];
      return [name, mib(rest?.rss), mib(rest?.pss), mib(work?.rss), mib(work?.pss)];
    }),
  );
}

export function overloadTable(overloads: readonly Overload[]): string {
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
  return table(
    [
      'operation',
      'clients',
      'API keys',
      'answered/s',
      'p99 ms',
      'refused',
      'unclean',
      'throughput after',
      'median after',
    ],
    overloads.map(({ operation, clients, callers = 1, during, throughputBack, latencyBack }) => [
      operation,
      clients.toLocaleString('en-US'),
      callers.toLocaleString('en-US'),
      figure(during.perSecond),
      figure(during.p99),
      list(during.errors),
      list(during.odd),
      percent(throughputBack),
      percent(latencyBack),
    ]),
  );
}

export function print(result: SystemResult): void {
  const { machine: m, settings } = result;
  const cold = systemCold(result);
  console.log(`Node ${m.node}, ${m.cores} cores of ${m.processor}, load before ${m.load}; ${settings.rounds} rounds of ${settings.seconds} s.
The clients run on the same machine. CPU: of API, parent and enclave.

${timings(result.rows)}

${cold === '' ? '' : `${cold}\n\n`}Processor time a request, ms:

${processorTable(result.rows)}

${memoryTable(result.memory)}
${result.profiled.length === 0 ? '' : `\n${costTable(result.profiled)}\n\n${result.profiled.map((one) => `${one.row.operation}: ${bottleneck(costOf(one))}`).join('\n')}\n\n${result.profiled.map(functions).join('\n\n')}\n`}${result.open === undefined || result.open.length === 0 ? '' : `\nAt a rate of their own:\n\n${openTable(result.open)}\n`}${result.overloads.length === 0 ? '' : `\nToo many clients, which ask again at once:\n\n${overloadTable(result.overloads)}\n`}`);
}

/** One line of progress. */
export function show(row: Row): string {
  const failed = Object.keys(row.errors).length === 0 ? '' : `, errors ${list(row.errors)}`;
  const odd = Object.keys(row.odd).length === 0 ? '' : `, unclean ${list(row.odd)}`;
  return `${row.clients} clients, ${row.operation}: ${figure(row.perSecond)}/s, median ${figure(row.median)} ms, p99 ${figure(row.p99)} ms, clients ${figure(row.clientsCpu / row.elapsed)} of ${figure(coresUsed(row))} cores${failed}${odd}`;
}

/** Milliseconds of processor time a request, by what it is for. */
export function costTable(profiled: readonly Profiled[]): string {
  const costs = profiled.map((one) => ({ operation: one.row.operation, cost: costOf(one) }));
  const sums = new Map<string, number>();
  for (const { cost } of costs)
    for (const [group, ms] of cost.groups) sums.set(group, (sums.get(group) ?? 0) + ms);
  const groups = [...sums].toSorted(([, a], [, b]) => b - a).map(([group]) => group);
  const beyond = ({ cryptography, total }: Cost) => `${((1 - cryptography / total) * 100).toFixed(0)} %`;
  return table(
    ['CPU ms a request', ...costs.map(({ operation }) => operation)],
    [
      ...groups.map((group) => [group, ...costs.map(({ cost }) => figure(cost.groups.get(group) ?? 0))]),
      ['all', ...costs.map(({ cost }) => figure(cost.total))],
      ['beyond cryptography', ...costs.map(({ cost }) => beyond(cost))],
    ],
  );
}

/** Functions that took most of each process's main thread. */
function functions({ row, shares }: Profiled): string {
  return Object.entries(shares)
    .filter(([, { busy }]) => busy > 0.05 * row.elapsed)
    .map(([process, { busy, top }]) => {
      const lines = top
        .slice(0, 8)
        .map(({ name, group, seconds }) => `  ${((seconds / busy) * 100).toFixed(1)} % ${name} (${group})`);
      return [
        `${row.operation}: ${process}, busy ${((busy / row.elapsed) * 100).toFixed(0)} %`,
        ...lines,
      ].join('\n');
    })
    .join('\n');
}
