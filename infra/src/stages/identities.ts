// SPDX-License-Identifier: Apache-2.0
import {
  type BoundaryKind,
  boundaries,
  ROLE_IDS,
  ROLES,
  type RoleSpec,
  serviceTrustPolicy,
} from '@enclave-vault/policies';
import { CfnInstanceProfile, type CfnManagedPolicy, type CfnRole } from 'aws-cdk-lib/aws-iam';
import { homeOf } from '../home.ts';
import { defineStage } from '../stage.ts';
import { boundaryPolicy, boundedRole } from './identities/iam.ts';

/**
 * Every other role that any policy names, below its boundary: with trust, and no permission yet, since what it may use is
 * not there. Made under the caller's own rights: the deployment role creates no role at all.
 */
export const IDENTITIES = defineStage({
  id: 'identities',
  title: 'Roles of the vault’s parts, and their boundaries',
  outputs: {},
  build(stack, { config, names }) {
    const home = homeOf(config, names);
    const { codeSigning: signed } = config.features;
    const limits = boundaries(home, { signed, sessions: config.network.sessionManager });
    const made = new Map<BoundaryKind, CfnManagedPolicy>();
    const boundary = (kind: BoundaryKind): CfnManagedPolicy => {
      const policy = made.get(kind) ?? boundaryPolicy(stack, config, kind, limits[kind]);
      made.set(kind, policy);
      return policy;
    };
    const roles = ROLE_IDS.filter((id) => ROLES[id].class === 'workload').map((id) => {
      const { boundary: kind }: RoleSpec = ROLES[id];
      return [
        id,
        boundedRole(stack, config, id, { trust: serviceTrustPolicy(home, id), boundary: boundary(kind) }),
      ] as const;
    });
    const instance = new Map<string, CfnRole>(roles).get('instance');
    if (instance !== undefined) {
      new CfnInstanceProfile(stack, 'InstanceProfile', {
        instanceProfileName: names.roleName('instance'),
        path: names.path,
        roles: [instance.ref],
      });
    }
    return {};
  },
});
