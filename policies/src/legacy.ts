// SPDX-License-Identifier: Apache-2.0
import { checkDeployment, checkMeasurements, PINNED_REGISTERS } from './check.ts';
import { accountPrincipal } from './key-common.ts';
import type { Deployment, Measurements, Statement } from './types.ts';

/**
 * The statement that a key of the AWS sample gets while the sample still runs: our instance role may decrypt with it, from
 * an enclave of these measurements alone. It takes nothing away from the sample. Once that is gone, {@link legacyKeyPolicy}
 * replaces the whole policy.
 *
 * Three things it cannot do: a Deny of the sample's policy that names its own VPC holds for us too, and must name ours
 * beside it; the key must lie in our account; and the sample's pipeline writes the key policy anew when it runs.
 * @throws {PolicyInputError}
 */
export function legacyKeyStatement(deployment: Deployment, measurements: Measurements): Statement {
  checkDeployment(deployment);
  checkMeasurements(measurements);
  const registers = PINNED_REGISTERS.map(([register, member]) => [
    `kms:RecipientAttestation:PCR${register}`,
    [...measurements[member]],
  ]);
  return {
    Sid: 'AllowEnclaveVaultDecrypt',
    Effect: 'Allow',
    Principal: accountPrincipal(deployment),
    Action: 'kms:Decrypt',
    Resource: '*',
    Condition: {
      ArnEquals: { 'aws:PrincipalArn': deployment.roles.instance },
      // Keys of one block must all hold, and an absent one does not.
      StringEqualsIgnoreCase: Object.fromEntries(registers),
    },
  };
}
