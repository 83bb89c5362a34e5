// SPDX-License-Identifier: Apache-2.0
import { defineStage } from '../stage.ts';

/**
 * Every other role that any policy names: trust and boundary, and no permission yet, since what it may use is not there.
 * Made under the caller's own rights: the deployment role creates no role at all.
 */
export const IDENTITIES = defineStage({
  id: 'identities',
  title: 'Roles of the vault’s parts',
  outputs: {},
  build() {
    return {};
  },
});
