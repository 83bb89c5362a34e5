// SPDX-License-Identifier: Apache-2.0
import {
  boundaries,
  breakGlassIdentityPolicy,
  breakGlassTrustPolicy,
  type DeploymentTopic,
  deploymentPolicies,
  serviceTrustPolicy,
} from '@enclave-vault/policies';
import { CfnResource, RemovalPolicy } from 'aws-cdk-lib';
import { homeOf } from '../home.ts';
import { defineStage } from '../stage.ts';
import { suppress } from '../suppress.ts';
import { wildcardsIn } from './controllers/findings.ts';
import { boundaryPolicy, boundedRole, logicalId, managedPolicy } from './identities/iam.ts';

/**
 * What governs the rest and outlives it: the two roles that control keys, what they may do and their boundaries, and the
 * boundary for people who work on the vault. Made under the caller's own rights, and kept by `npm run destroy` together
 * with what only these two can manage.
 */
export const CONTROLLERS = defineStage({
  id: 'controllers',
  title: 'Deployment role, break-glass role, and their boundaries',
  kept: true,
  outputs: {},
  build(stack, { config, names }) {
    const home = homeOf(config, names);
    const signed = config.features.codeSigning;
    const limits = boundaries(home, { signed });
    const boundary = (kind: 'deployment' | 'break-glass' | 'admin') =>
      boundaryPolicy(stack, config, kind, limits[kind]);
    boundary('admin');
    const policies = Object.entries(
      deploymentPolicies(home, { signed, watchedLogGroup: config.watch.logGroup }),
    ).map(([topic, document]) => {
      const policy = managedPolicy(stack, logicalId('deployment', topic), config, {
        name: `${config.name}-deployment-${topic}`,
        description: `What the deployment role may do: ${topic}.`,
        document,
      });
      suppress(policy, ...wildcardsIn(topic as DeploymentTopic));
      return policy;
    });
    const breakGlass = managedPolicy(stack, 'BreakGlass', config, {
      name: `${config.name}-break-glass`,
      description: 'What the break-glass role may do.',
      document: breakGlassIdentityPolicy(home),
    });
    suppress(breakGlass, ...wildcardsIn('break-glass'));
    boundedRole(stack, config, 'deployment', {
      trust: serviceTrustPolicy(home, 'deployment'),
      boundary: boundary('deployment'),
      policies,
    });
    boundedRole(stack, config, 'break-glass', {
      trust: breakGlassTrustPolicy(home, config.breakGlass),
      boundary: boundary('break-glass'),
      policies: [breakGlass],
    });
    for (const child of stack.node.children) {
      if (child instanceof CfnResource) child.applyRemovalPolicy(RemovalPolicy.RETAIN);
    }
    return {};
  },
});
