// SPDX-License-Identifier: Apache-2.0
import { checkHome } from '../check.ts';
import { deploymentIdentityPolicy, document } from '../identities.ts';
import type { Home, PolicyDocument } from '../types.ts';
import { apiGrants } from './api.ts';
import { scalingGrants } from './compute.ts';
import { functionGrants } from './functions.ts';
import { networkGrants, resolverGrants } from './network.ts';
import { pipelineGrants } from './pipeline.ts';
import { roleGrants } from './roles.ts';
import { bucketGrants, tableGrants } from './storage.ts';
import { logGrants, watchGrants } from './watch.ts';

export interface DeploymentOptions {
  /** Whether the deployment has code signing. */
  readonly signed?: boolean;
  /** Name of a log group that is not the deployment's, in which the watch counts: an existing trail's. */
  readonly watchedLogGroup?: string | undefined;
}

/**
 * Everything that the deployment role may do, as managed policies of which each is within IAM's 6,144 characters. Actions
 * by name, for the types of resource that the stacks have: a stack with another type fails, and says which action.
 * @throws {PolicyInputError} `invalid_deployment`
 */
export function deploymentPolicies(
  home: Home,
  { signed = true, watchedLogGroup }: DeploymentOptions = {},
): Readonly<Record<DeploymentTopic, PolicyDocument>> {
  checkHome(home);
  return {
    keys: deploymentIdentityPolicy(home),
    roles: document(roleGrants(home)),
    network: document(networkGrants(home)),
    resolver: document(resolverGrants(home)),
    compute: document(scalingGrants(home)),
    functions: document([...functionGrants(home, signed), ...apiGrants(home)]),
    storage: document([...tableGrants(home), ...bucketGrants(home)]),
    watch: document([...logGrants(home), ...watchGrants(home, watchedLogGroup)]),
    pipeline: document(pipelineGrants(home)),
  };
}

export type DeploymentTopic =
  | 'keys'
  | 'roles'
  | 'network'
  | 'resolver'
  | 'compute'
  | 'functions'
  | 'storage'
  | 'watch'
  | 'pipeline';
