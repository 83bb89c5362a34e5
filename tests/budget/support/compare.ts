// SPDX-License-Identifier: Apache-2.0
import type { Counts } from './tally.ts';

/** Counts of every route, by the route's name. */
export type Budget = Readonly<Record<string, Counts>>;

const HOW = 'npm run budget -- --update writes what is counted now';

/** What costs more, or less, than its budget, a line each. Less is a change as well: the budget is to follow it, or it protects nothing. */
export function differences(budget: Budget, counted: Budget): string[] {
  const routes = [...new Set([...Object.keys(budget), ...Object.keys(counted)])];
  return routes.flatMap((route) => {
    const [allowed, now] = [budget[route], counted[route]];
    if (allowed === undefined) return [`${route}: has no budget; ${HOW}`];
    if (now === undefined) return [`${route}: is in the budget and is not counted any more; ${HOW}`];
    return ofRoute(route, allowed, now);
  });
}

function ofRoute(route: string, allowed: Counts, now: Counts): string[] {
  const parts = [...new Set([...Object.keys(allowed), ...Object.keys(now)])];
  return parts.flatMap((part) => {
    const names = new Set([...Object.keys(allowed[part] ?? {}), ...Object.keys(now[part] ?? {})]);
    return [...names].flatMap((name) => {
      const [most, is] = [allowed[part]?.[name] ?? 0, now[part]?.[name] ?? 0];
      if (is > most) return [`${route}: ${part}, ${name}: grew from ${most} to ${is}`];
      return is < most ? [`${route}: ${part}, ${name}: ${is} in place of ${most}: good; ${HOW}`] : [];
    });
  });
}
