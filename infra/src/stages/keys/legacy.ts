// SPDX-License-Identifier: Apache-2.0
import {
  legacyKeyPolicy,
  legacyKeyStatement,
  type PolicyDocument,
  type Statement,
} from '@enclave-vault/policies';
import type { StageContext } from '../../stage.ts';

/** What the owner of a key of imported records puts into its policy. Printed, not deployed: the key is not ours. */
export interface LegacyKeyPolicy {
  /** ARN of the key. */
  readonly key: string;
  /** Added while the AWS sample still runs; null before there are measurements. */
  readonly whileSampleRuns: Statement | null;
  /** In place of the whole policy, once the sample is gone. */
  readonly afterwards: PolicyDocument;
}

/** @throws {InfraError} `output_missing` before the network is there */
export function legacyKeyPolicies(
  context: Pick<StageContext, 'config' | 'deployment' | 'measurements'>,
): readonly LegacyKeyPolicy[] {
  const { config, deployment, measurements } = context;
  return config.legacyKeys.map((key) => ({
    key,
    whileSampleRuns: measurements === null ? null : legacyKeyStatement(deployment(), measurements),
    afterwards: legacyKeyPolicy(deployment(), measurements),
  }));
}
