// SPDX-License-Identifier: Apache-2.0
import type { Run } from '../support/run.ts';
import { figure, table } from '../support/table.ts';
import { repeatedCold } from './cold.ts';
import { bottleneck, type Cost, costOf, type Profiled } from './cost.ts';
import { cpuPerRequest, type Row, type Settings } from './measure.ts';
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
  return table(
    [
      'operation',
      'clients',
      'requests/s',
      'median ms',
      'p99 ms',
      'p99.9 ms',
      'CPU ms a request',
      'KMS calls a request',
      'errors',
    ],
    rows.map((row) => [
      row.operation,
      String(row.clients),
      figure(row.perSecond),
      figure(row.median),
      figure(row.p99),
      figure(row.requests < SAMPLES_OF_P999 ? Number.NaN : row.p999),
      figure(cpuPerRequest(row, isVaults)),
      row.kmsCalls === null ? '–' : figure(row.kmsCalls),
      list(row.errors),
    ]),
  );
}

/** Milliseconds of processor time a request, of each process; the clients' too. */
export function processorTable(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap(({ cpu }) => Object.keys(cpu)))];
  return table(
    ['operation, clients', ...names, 'clients', 'cores used'],
    rows.map((row) => {
      const requests = Math.max(1, row.perSecond * row.elapsed);
      const all = Object.values(row.cpu).reduce((sum, { all: seconds }) => sum + seconds, row.clientsCpu);
      return [
        `${row.operation}, ${row.clients}`,
        ...names.map((name) => figure(cpuPerRequest(row, (one) => one === name))),
        figure((row.clientsCpu * 1000) / requests),
        figure(all / row.elapsed),
      ];
    }),
  );
}

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
      'answered/s',
      'p99 ms',
      'refused',
      'unclean',
      'throughput after',
      'median after',
    ],
    overloads.map(({ operation, clients, during, throughputBack, latencyBack }) => [
      operation,
      String(clients),
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
${result.profiled.length === 0 ? '' : `\n${costTable(result.profiled)}\n\n${result.profiled.map((one) => `${one.row.operation}: ${bottleneck(costOf(one))}`).join('\n')}\n\n${result.profiled.map(functions).join('\n\n')}\n`}${result.overloads.length === 0 ? '' : `\nToo many clients, which ask again at once:\n\n${overloadTable(result.overloads)}\n`}`);
}

/** One line of progress. */
export function show(row: Row): string {
  const failed = Object.keys(row.errors).length === 0 ? '' : `, errors ${list(row.errors)}`;
  const odd = Object.keys(row.odd).length === 0 ? '' : `, unclean ${list(row.odd)}`;
  const busy = Object.values(row.cpu).reduce((sum, { all }) => sum + all, row.clientsCpu) / row.elapsed;
  return `${row.clients} clients, ${row.operation}: ${figure(row.perSecond)}/s, median ${figure(row.median)} ms, p99 ${figure(row.p99)} ms, clients ${figure(row.clientsCpu / row.elapsed)} of ${figure(busy)} cores${failed}${odd}`;
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
