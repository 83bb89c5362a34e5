// SPDX-License-Identifier: Apache-2.0
import { defineStage } from '../stage.ts';
import { canaryAlarms } from './canary/alarms.ts';
import { canaryFunction } from './canary/function.ts';
import { CANARY_PLACES } from './canary/places.ts';
import { canarySchedule } from './canary/schedule.ts';

/** Probes that must be refused: a function inside the VPC, one outside any, a schedule and alarms of each. */
export const CANARY = defineStage({
  id: 'canary',
  title: 'Canaries',
  outputs: {},
  build(stack, context) {
    for (const place of CANARY_PLACES) {
      canarySchedule(stack, context, place, canaryFunction(stack, context, place));
      canaryAlarms(stack, context, place);
    }
    return {};
  },
});
