// SPDX-License-Identifier: Apache-2.0
import type { BoundaryKind } from '../roles.ts';
import type { Home, PolicyDocument } from '../types.ts';
import { deployBoundary } from './deploy.ts';
import { deploymentBoundary } from './deployment.ts';
import { adminBoundary, breakGlassBoundary } from './people.ts';
import {
  accessLogsBoundary,
  apiBoundary,
  authorizerBoundary,
  buildBoundary,
  canaryBoundary,
  instanceBoundary,
  logsBoundary,
  pipelineBoundary,
  smokeBoundary,
} from './workloads.ts';

export interface BoundaryOptions {
  /** Whether the deployment has code signing. */
  readonly signed?: boolean;
  /** Whether Systems Manager may open sessions on instances. */
  readonly sessions?: boolean;
}

/**
 * The most that a role may ever do, whatever is attached to it later.
 * @throws {PolicyInputError} `invalid_deployment`
 */
export function boundaries(
  home: Home,
  { signed = true, sessions = false }: BoundaryOptions = {},
): Readonly<Record<BoundaryKind, PolicyDocument>> {
  return {
    deployment: deploymentBoundary(home, signed),
    'break-glass': breakGlassBoundary(home),
    api: apiBoundary(home),
    authorizer: authorizerBoundary(home),
    instance: instanceBoundary(home, sessions),
    smoke: smokeBoundary(home),
    canary: canaryBoundary(home),
    build: buildBoundary(home),
    deploy: deployBoundary(home),
    pipeline: pipelineBoundary(home),
    logs: logsBoundary(home),
    'access-logs': accessLogsBoundary(home),
    admin: adminBoundary(home),
  };
}

export {
  accessLogsBoundary,
  adminBoundary,
  apiBoundary,
  authorizerBoundary,
  breakGlassBoundary,
  buildBoundary,
  canaryBoundary,
  deployBoundary,
  deploymentBoundary,
  instanceBoundary,
  logsBoundary,
  pipelineBoundary,
  smokeBoundary,
};
