// SPDX-License-Identifier: Apache-2.0
import { defineStage } from '../stage.ts';

/** For teams that want one: source, build and measure, approval, widen, deploy, narrow. */
export const PIPELINE = defineStage({
  id: 'pipeline',
  title: 'Pipeline',
  // There is no setting that asks for one yet.
  when: () => false,
  outputs: {},
  build() {
    return {};
  },
});
