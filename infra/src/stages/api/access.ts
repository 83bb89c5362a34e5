// SPDX-License-Identifier: Apache-2.0
import { apiResourcePolicy, type PolicyDocument } from '@enclave-vault/policies';
import { InfraError } from '../../errors.ts';
import { homeOf } from '../../home.ts';
import type { StageContext } from '../../stage.ts';
import { NETWORK } from '../network.ts';
import { HEALTH, STAGE } from './routes.ts';

/** "API Gateway resource policy: 8192 characters" (API Gateway quotas). */
const MAX_POLICY = 8192;

/** Who calls the API and from where, of a configuration. @throws {InfraError} `template_refused` when it grows too long */
export function accessPolicy({ config, names, outputs }: StageContext): PolicyDocument {
  const { exposure, auth, callers, cidrs } = config.api;
  // Callers of ours. Those of a public API run outside the VPC, at addresses of Lambda's.
  const ours = [names.roleArn('smoke'), names.roleArn('canary-control')];
  const tokens = auth === 'jwt';
  const policy = apiResourcePolicy(homeOf(config, names), {
    stage: STAGE,
    callers: [...ours, ...callers.map(({ arn }) => arn)],
    ...(exposure === 'private'
      ? { endpointId: outputs(NETWORK).ExecuteApiEndpointId }
      : { cidrs, ...(cidrs.length > 0 ? { anywhere: ours } : {}) }),
    ...(tokens ? { tokenPaths: ['*/v1/*'], signedPaths: [`${HEALTH.method}${HEALTH.path}`] } : {}),
  });
  if (JSON.stringify(policy).length > MAX_POLICY) {
    throw new InfraError(
      'template_refused',
      `api.callers and api.cidrs make a policy of over ${MAX_POLICY} characters`,
    );
  }
  return policy;
}
