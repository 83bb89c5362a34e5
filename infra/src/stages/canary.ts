// SPDX-License-Identifier: Apache-2.0
import { defineStage } from '../stage.ts';
import { canaryAlarms } from './canary/alarms.ts';
import { canaryFunction } from './canary/function.ts';
import { CANARY_PLACES } from './canary/places.ts';
import { canarySchedule } from './canary/schedule.ts';

/**
 * Probes that must be refused, by a function inside the VPC and one outside any, and a call that must succeed, by a third. A
 * schedule and alarms of each. The parent's own probes are in the log of the stage `decryption`.
 */
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
