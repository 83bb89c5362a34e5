// SPDX-License-Identifier: Apache-2.0
import { defineStage } from '../stage.ts';

/** Trail, alarms on changes of what protects the vault, and the dashboard. */
export const WATCH = defineStage({
  id: 'watch',
  title: 'Trail, alarms, dashboard',
  outputs: {},
  build() {
    return {};
  },
});
