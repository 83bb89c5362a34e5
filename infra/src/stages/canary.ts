// SPDX-License-Identifier: Apache-2.0
import { defineStage } from '../stage.ts';

/** Probes that must be refused: a function inside the VPC, one outside any, a schedule and alarms of each. */
export const CANARY = defineStage({
  id: 'canary',
  title: 'Canaries',
  outputs: {},
  build() {
    return {};
  },
});
