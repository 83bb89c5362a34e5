// SPDX-License-Identifier: Apache-2.0
import { figure, times } from '../support/table.ts';
import { notAllHot } from '../system/hot.ts';
import type { ScalingResult } from '../system/scaling.ts';

type Rows = ScalingResult['rows'];

/** Operations in which no enclave takes part: what they differ by where only the number of enclaves does is noise. */
const WITHOUT = ['create', 'get'];

/** An operation with more enclaves against one, each with as many processes of the API. */
interface Pair {
  readonly operation: string;
  readonly ratio: number;
  readonly clean: boolean;
}

/** What more enclaves on the same cores brought, as far as it was more than noise. */
export function moreEnclaves(scaling: ScalingResult | undefined): string {
  const pairs = pairsOf(scaling?.rows ?? []);
  const control = pairs.filter(({ operation }) => WITHOUT.includes(operation));
  const others = Map.groupBy(
    pairs.filter(({ operation }) => !WITHOUT.includes(operation)),
    ({ operation }) => operation,
  );
  if (control.length === 0 || others.size === 0)
    return '**What more enclaves on the same cores bring was not measured.**';
  const noise = Math.max(...control.map(({ ratio }) => Math.abs(ratio - 1)));
  const gained = [...others].filter(([, all]) => all.every(({ ratio }) => ratio > 1 + noise));
  const lost = [...others].filter(([, all]) => all.some(({ ratio }) => ratio < 1 - noise));
  const head =
    gained.length === 0
      ? `brought nothing${lost.length === 0 ? ' beyond noise' : `, and cost more than noise in ${lost.map(([name]) => name).join(' and ')}`}`
      : `brought more than noise in ${gained.map(([name]) => name).join(' and ')} alone`;
  const ratios = [...others].map(
    ([name, all]) => `${name} ${all.map(({ ratio }) => times(ratio)).join(' and ')}`,
  );
  return `**More enclaves on the same cores ${gained.length === others.size ? 'brought more than noise' : head}.** [Measured](performance.md#more-processes-more-enclaves), against one enclave, with one process of the API and then with two: ${ratios.join(', ')}. Requests in which no enclave takes part (${[...new Set(control.map(({ operation }) => operation))].join(', ')}) differ by up to ${figure(noise * 100)} % between the same layouts, which is taken for noise.${unclean(others)} They share the processors, and each asks KMS for each key. With cores of their own it was not measured.`;
}

/** Of rows that nothing confines to some cores. */
function pairsOf(rows: Rows): readonly Pair[] {
  const free = rows.filter(({ cores }) => cores === undefined);
  return free
    .filter(({ enclaves }) => enclaves > 1)
    .flatMap((row) => {
      const base = free.find(
        (one) => one.operation === row.operation && one.apis === row.apis && one.enclaves === 1,
      );
      if (base === undefined) return [];
      const clean = !notAllHot(row) && !notAllHot(base);
      return [{ operation: row.operation, ratio: row.perSecond / base.perSecond, clean }];
    });
}

function unclean(others: ReadonlyMap<string, readonly Pair[]>): string {
  const names = [...others].filter(([, all]) => all.some(({ clean }) => !clean)).map(([name]) => name);
  return names.length === 0
    ? ''
    : ` Rows of ${names.join(' and ')} were not clean: some of their reads asked KMS, as hot ones should not, so that they say less of enclaves.`;
}
