// SPDX-License-Identifier: Apache-2.0
/** Routes that bench/dynamodb.ts does not call: reckoned from those that it does, and from calls of the store that tests count. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Budget } from '../../tests/budget/support/compare.ts';
import type { Units } from './meter.ts';
import type { RouteUnits } from './routes.ts';
import { readUnits, transactionUnits } from './rules.ts';

export interface OtherRoute {
  readonly route: string;
  readonly calls: string;
  readonly units: Units;
  /** What it follows from. */
  readonly from: string;
}

/** Routes of which the table has nothing alike: their names in the budget. Each item that they read is far below 4 KB. */
const SMALL = ['attestation', 'create a key', 'list 2 keys', 'revoke a key'] as const;
const ITEM = 1024;

const BUDGET = join(import.meta.dirname, '../../tests/budget/routes.json');

/** @param budget counts of the store's calls by route. Of a route that either does not know there is no row. */
export function otherRoutes(
  routes: readonly RouteUnits[],
  budget: Budget = JSON.parse(readFileSync(BUDGET, 'utf8')) as Budget,
): readonly OtherRoute[] {
  return [
    ...batch(routes, budget, 'create, 12 fields', 'create, a pair ready', 'create, a batch of 10'),
    ...batch(
      routes,
      budget,
      'decrypt, 12 fields',
      'decrypt 12 fields, hot',
      'decrypt 12 fields, a batch of 10, hot',
    ),
    ...repeatableUpdate(routes, budget),
    ...SMALL.flatMap((route) => small(route, budget)),
  ];
}

/** As often all that one costs as its budget says; no row where a batch is anything else. */
function batch(
  routes: readonly RouteUnits[],
  budget: Budget,
  measured: string,
  single: string,
  many: string,
): readonly OtherRoute[] {
  const row = routes.find(({ route }) => route === measured);
  const [one, all] = [budget[single]?.store, budget[many]?.store];
  if (row === undefined || one === undefined || all === undefined) return [];
  const ratios = Object.entries(one)
    .filter(([name]) => name !== 'bytes put')
    .map(([name, count]) => (all[name] ?? 0) / count);
  const [items = Number.NaN] = ratios;
  if (!ratios.every((ratio) => ratio === items)) return [];
  const calls = Object.keys(row.calls).join(', ');
  return [
    {
      route: `${measured}, a batch of ${items}`,
      calls: `${items} × (${calls})`,
      units: { read: items * row.rules.read, write: items * row.rules.write },
      from: `${items} times the row above; \`routes.json\` counts as many calls`,
    },
  ];
}

function repeatableUpdate(routes: readonly RouteUnits[], budget: Budget): readonly OtherRoute[] {
  const row = routes.find(({ route }) => route === 'update, 1 field');
  const kept = routes.find(({ put }) => put.idempotency !== undefined)?.put.idempotency;
  const [plain, repeatable] = [budget.update?.store, budget['update, with Idempotency-Key']?.store];
  if (row === undefined || kept === undefined || plain === undefined || repeatable === undefined) return [];
  const more = (name: string): number => (repeatable[name] ?? 0) - (plain[name] ?? 0);
  const items = Array.from({ length: more('items put') }, () => kept);
  return [
    {
      route: 'update, 1 field, Idempotency-Key',
      calls: [times(repeatable.get ?? 0, 'GetItem'), 'Query', 'TransactWriteItems'].join(', '),
      units: {
        read: row.rules.read + more('get') * readUnits(kept),
        write: row.rules.write + transactionUnits(items),
      },
      from: `the row above and ${more('get')} read and ${more('items put')} item more, of ${kept} bytes as for a create; \`routes.json\``,
    },
  ];
}

/** By the calls alone: a unit for each read, two for each item where all together have less than 1 KB. */
function small(route: string, budget: Budget): readonly OtherRoute[] {
  const counts = budget[route];
  if (counts === undefined) return [];
  const { get = 0, query = 0, 'items put': puts = 0, 'bytes put': bytes = 0 } = counts.store ?? {};
  if (bytes >= ITEM) return [];
  const calls = [times(get, 'GetItem'), times(query, 'Query'), puts === 0 ? '' : 'TransactWriteItems'];
  return [
    {
      route,
      calls: calls.filter((call) => call !== '').join(', ') || '–',
      units: { read: get + query, write: transactionUnits(Array.from({ length: puts }, () => bytes / puts)) },
      from: `\`routes.json\`${puts === 0 ? '' : `: ${puts} items, together ${bytes} bytes`}`,
    },
  ];
}

const times = (count: number, name: string): string =>
  count === 0 ? '' : count === 1 ? name : `${count} ${name}`;
