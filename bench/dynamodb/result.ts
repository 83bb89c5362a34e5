// SPDX-License-Identifier: Apache-2.0
import { PRICES, type Region } from '../../tools/docs-check/cost/prices.ts';
import type { Run } from '../support/run.ts';
import { figure, table } from '../support/table.ts';
import type { Units } from './meter.ts';
import { otherRoutes } from './others.ts';
import type { RouteUnits } from './routes.ts';

export interface DynamoResult extends Run {
  readonly server: string;
  readonly routes: readonly RouteUnits[];
}

/** US dollars of a million requests that consume so much each, on demand. */
export function dollarsOfAMillion(region: Region, { read, write }: Units): number {
  // A price is of a million units.
  return read * PRICES.tableRead.usd[region] + write * PRICES.tableWrite.usd[region];
}

const units = ({ read, write }: Units): string => `${figure(read)} / ${figure(write)}`;

/** Each route with its calls, items, units and dollars. */
export function unitsTable({ routes }: DynamoResult): string {
  return table(
    [
      'route',
      'calls',
      'items put, bytes',
      'units as AWS counts, read / write',
      'as DynamoDB Local says',
      '$ a million requests, us-east-1',
      'eu-central-1',
    ],
    routes.map(({ route, calls, put, rules, said }) => [
      route,
      Object.entries(calls)
        .map(([name, count]) => (count === 1 ? name : `${count} ${name}`))
        .join(', '),
      Object.entries(put)
        .map(([kind, bytes]) => `${kind} ${bytes.toLocaleString('en-US')}`)
        .join(', ') || '–',
      units(rules),
      units(said),
      dollarsOfAMillion('us-east-1', rules).toFixed(2),
      dollarsOfAMillion('eu-central-1', rules).toFixed(2),
    ]),
  );
}

/** Routes that were not called, with what is known of them all the same. */
export function othersTable({ routes }: DynamoResult): string {
  return table(
    [
      'route',
      'calls',
      'units as AWS counts, read / write',
      '$ a million requests, us-east-1',
      'eu-central-1',
      'by',
    ],
    otherRoutes(routes).map(({ route, calls, units: reckoned, from }) => [
      route,
      calls,
      units(reckoned),
      dollarsOfAMillion('us-east-1', reckoned).toFixed(2),
      dollarsOfAMillion('eu-central-1', reckoned).toFixed(2),
      from,
    ]),
  );
}
