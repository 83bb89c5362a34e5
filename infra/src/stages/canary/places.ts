// SPDX-License-Identifier: Apache-2.0
import type { Names } from '../../names.ts';

/** Where the two canaries are: in the VPC, and in none. */
export const CANARY_PLACES = ['inside', 'outside'] as const;
export type CanaryPlace = (typeof CANARY_PLACES)[number];

export function functionName(names: Names, place: CanaryPlace): string {
  return place === 'inside' ? names.insideCanaryFunction : names.outsideCanaryFunction;
}

/** Of a construct: `Inside` and a word. */
export function idOf(place: CanaryPlace, what: string): string {
  return `${place === 'inside' ? 'Inside' : 'Outside'}${what}`;
}
