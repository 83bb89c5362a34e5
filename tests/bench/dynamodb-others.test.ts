// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { otherRoutes } from '../../bench/dynamodb/others.ts';
import type { RouteUnits } from '../../bench/dynamodb/routes.ts';
import { section } from '../../bench/page/dynamodb.ts';

const row = (route: string, read: number, write: number, put: RouteUnits['put'] = {}): RouteUnits => ({
  ...{ route, put, calls: { Query: 1, TransactWriteItems: 1 } },
  ...{ said: { read, write }, rules: { read, write } },
});
const ROUTES = [
  row('create, 12 fields', 1, 10),
  row('create, 12 fields, Idempotency-Key', 2, 12, { idempotency: 191 }),
  row('decrypt, 12 fields', 2, 4),
  row('update, 1 field', 2, 10),
];
const unitsOf = (routes: ReturnType<typeof otherRoutes>, name: string) =>
  routes.find(({ route }) => route === name)?.units;

describe('Routes that were not called', () => {
  it('cost what their parts do, by the calls that the budget of routes counts', () => {
    const others = otherRoutes(ROUTES);
    expect(unitsOf(others, 'create, 12 fields, a batch of 10')).toEqual({ read: 10, write: 100 });
    expect(unitsOf(others, 'decrypt, 12 fields, a batch of 10')).toEqual({ read: 20, write: 40 });
    expect(unitsOf(others, 'update, 1 field, Idempotency-Key')).toEqual({ read: 3, write: 12 });
    expect(unitsOf(others, 'attestation')).toEqual({ read: 0, write: 0 });
    expect(unitsOf(others, 'create a key')).toEqual({ read: 1, write: 8 });
    expect(unitsOf(others, 'revoke a key')).toEqual({ read: 3, write: 6 });
    expect(unitsOf(others, 'list 2 keys')).toEqual({ read: 3, write: 0 });
  });

  it('have no row where a batch is more than its items, or the size of an item is not known', () => {
    const named = (batch: Readonly<Record<string, number>>, key: typeof batch): string[] =>
      otherRoutes(ROUTES, {
        'decrypt 12 fields, hot': { store: { get: 1, query: 1 } },
        'decrypt 12 fields, a batch of 10, hot': { store: batch },
        'create a key': { store: key },
      }).map(({ route }) => route);
    expect(named({ get: 10, query: 11 }, { 'items put': 4, 'bytes put': 1024 })).toEqual([]);
    expect(named({ get: 10, query: 10 }, { 'items put': 4, 'bytes put': 1023 })).toEqual([
      'decrypt, 12 fields, a batch of 10',
      'create a key',
    ]);
  });

  it('stand on the page with their dollars', () => {
    const text = section({
      ...{ what: 'dynamodb', measured: '2026-01-01T00:00:00Z', commit: '000000000000', server: 'a server' },
      machine: { node: 'v24', system: '', processor: '', cores: 2, memoryGiB: 8, load: 0 },
      ...{ routes: ROUTES },
    });
    // 8 write units at 0.625 a million and 1 read unit at 0.125.
    expect(text).toContain(
      '| create a key | Query, TransactWriteItems | 1.00 / 8.00 | 5.13 | 6.25 | `routes.json`: 4 items, together ',
    );
    expect(text).toContain('| attestation | – | 0 / 0 | 0.00 | 0.00 | `routes.json` |');
  });
});
