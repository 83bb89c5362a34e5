// SPDX-License-Identifier: Apache-2.0
import type { Stack } from 'aws-cdk-lib';
import { CfnCodeSigningConfig } from 'aws-cdk-lib/aws-lambda';
import { CfnSigningProfile } from 'aws-cdk-lib/aws-signer';
import type { DeployConfig } from '../../config/deploy.ts';

/**
 * The profile that signs functions, and the configuration that refuses what it did not sign; `none` for each where a
 * partition has no code signing. While functions refer to the configuration, Lambda deletes it for nobody.
 */
export function codeSigning(stack: Stack, { name, features }: Pick<DeployConfig, 'name' | 'features'>) {
  if (!features.codeSigning) {
    return { CodeSigningConfigArn: 'none', SigningProfileName: 'none', SigningProfileVersionArn: 'none' };
  }
  // CloudFormation names it: a name that was used once is taken for good (Signer Developer Guide, "Cancel a profile").
  const profile = new CfnSigningProfile(stack, 'CodeProfile', { platformId: 'AWSLambda-SHA384-ECDSA' });
  const signing = new CfnCodeSigningConfig(stack, 'CodeSigning', {
    description: `Functions of ${name}: signed by its profile, or refused`,
    allowedPublishers: { signingProfileVersionArns: [profile.attrProfileVersionArn] },
    // The default, WARN, lets everything through.
    codeSigningPolicies: { untrustedArtifactOnDeployment: 'Enforce' },
  });
  return {
    CodeSigningConfigArn: signing.attrCodeSigningConfigArn,
    SigningProfileName: profile.attrProfileName,
    SigningProfileVersionArn: profile.attrProfileVersionArn,
  };
}
