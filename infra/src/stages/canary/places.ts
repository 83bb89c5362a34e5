// SPDX-License-Identifier: Apache-2.0
import type { Names } from '../../names.ts';

/** Where the two probing canaries are: in the VPC, and in none. */
export const PROBING_PLACES = ['inside', 'outside'] as const;
export type ProbingPlace = (typeof PROBING_PLACES)[number];

/** All functions of the stage: the two, and the control that must succeed. Values of the dimension `Canary`. */
export const CANARY_PLACES = [...PROBING_PLACES, 'control'] as const;
export type CanaryPlace = (typeof CANARY_PLACES)[number];

export function functionName(names: Names, place: CanaryPlace): string {
  switch (place) {
    case 'inside':
      return names.insideCanaryFunction;
    case 'outside':
      return names.outsideCanaryFunction;
    case 'control':
      return names.controlCanaryFunction;
  }
}

/** Of a construct: `Inside` and a word. */
export function idOf(place: CanaryPlace, what: string): string {
  return `${place.slice(0, 1).toUpperCase()}${place.slice(1)}${what}`;
}

/** What it is, for people: `Canary inside the VPC`. */
export function titleOf(place: CanaryPlace): string {
  return place === 'control' ? 'Positive control of the canaries' : `Canary ${place} the VPC`;
}
