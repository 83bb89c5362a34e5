// SPDX-License-Identifier: Apache-2.0
import { defineStage } from '../stage.ts';

/**
 * What governs the rest and outlives it: every permissions boundary, the deployment role and the break-glass role. Made
 * under the caller's own rights, and kept by `npm run destroy` together with what only these two roles can manage.
 */
export const CONTROLLERS = defineStage({
  id: 'controllers',
  title: 'Permissions boundaries, deployment role, break-glass role',
  kept: true,
  outputs: {},
  build() {
    return {};
  },
});
