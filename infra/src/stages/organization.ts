// SPDX-License-Identifier: Apache-2.0
import { defineStage } from '../stage.ts';

/** What a management account may attach: service and resource control policies. Deployed by its owner, not with the vault. */
export const ORGANIZATION = defineStage({
  id: 'organization',
  title: 'Organization policies around the vault',
  outputs: {},
  build() {
    return {};
  },
});
