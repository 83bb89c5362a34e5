// SPDX-License-Identifier: Apache-2.0
import { checkHome } from './check.ts';
import { administrationAllows, allowRole, controlDenies, denyAll, denyOthers } from './key-common.ts';
import { confusedDeputyProtection, identityPerimeter } from './perimeter.ts';
import { roleArn } from './roles.ts';
import type { Home, PolicyDocument } from './types.ts';

/**
 * Policy of a key of the pipeline that signs: the enclave image's, whose certificate PCR8 measures, or the release's. The build signs
 * with it, a digest at a time and by one algorithm, and nobody else does: not those who control the key. No network, since
 * builds work from outside the VPC.
 * @throws {PolicyInputError}
 */
export function signingKeyPolicy(home: Home, use: 'image' | 'release'): PolicyDocument {
  checkHome(home);
  const build = roleArn(home, 'build');
  const around = { home, actions: 'kms:*', resources: '*' };
  return {
    Version: '2012-10-17',
    Id: `${home.name}-${use}-signing-key`,
    Statement: [
      ...administrationAllows(home),
      allowRole('AllowSigning', home, build, ['kms:Sign']),
      denyOthers('DenySigningByOthers', 'kms:Sign', build),
      // Both signers send digests (COSE_Sign1 of the image, DSSE of the release). A message would be shown to KMS for nothing.
      denyAll('DenySigningMessages', 'kms:Sign', { StringNotEquals: { 'kms:MessageType': 'DIGEST' } }),
      denyAll('DenyOtherAlgorithms', 'kms:Sign', {
        StringNotEquals: { 'kms:SigningAlgorithm': 'ECDSA_SHA_384' },
      }),
      denyAll('DenyGrants', 'kms:CreateGrant'),
      ...controlDenies(home),
      ...identityPerimeter(around),
      ...confusedDeputyProtection(around),
    ],
  };
}
