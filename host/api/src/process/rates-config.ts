// SPDX-License-Identifier: Apache-2.0
import type { RateLimits } from '../options.ts';
import { integer, members, only } from './members.ts';

/** @throws {ConfigError} */
export function parseRates(value: unknown): Partial<RateLimits> {
  if (value === undefined || value === null) return {};
  const rates = members(value, 'rates');
  only(rates, ['failures', 'attestations', 'decrypts', 'decryptsPerHour', 'requests', 'refusals'], 'rates');
  const rate = (name: Exclude<keyof RateLimits, 'decryptsPerHour'>): Partial<RateLimits> => {
    if (rates[name] === undefined) return {};
    const of = members(rates[name], `rates.${name}`);
    return { [name]: { burst: integer(of, 'burst', 1, 1e9), perSecond: integer(of, 'perSecond', 1, 1e9) } };
  };
  return {
    ...rate('failures'),
    ...rate('attestations'),
    ...rate('decrypts'),
    ...rate('requests'),
    ...rate('refusals'),
    ...(rates.decryptsPerHour === undefined
      ? {}
      : { decryptsPerHour: integer(rates, 'decryptsPerHour', 2, 1e9) }),
  };
}
