// SPDX-License-Identifier: Apache-2.0
import { defineStage } from '../stage.ts';
import { keyArnOutput, lambdaCodeSigningArnOutput, signingProfileArnOutput } from './shapes.ts';

/** The versioned bucket of code and image, its key, and what signs functions. */
export const ARTIFACTS = defineStage({
  id: 'artifacts',
  title: 'Bucket of artifacts and code signing',
  outputs: {
    KeyArn: keyArnOutput('3'),
    Bucket: {
      matching: /[a-z0-9.-]{3,63}/,
      example: ({ name, account, region }) => `${name}-artifacts-${account}-${region}`,
    },
    /** `none` where the deployment has no code signing. */
    CodeSigningConfigArn: lambdaCodeSigningArnOutput(),
    SigningProfileName: { matching: /none|[A-Za-z0-9_]{2,64}/, example: 'vault_code' },
    SigningProfileVersionArn: signingProfileArnOutput(),
  },
  build() {
    return {
      KeyArn: '',
      Bucket: '',
      CodeSigningConfigArn: '',
      SigningProfileName: '',
      SigningProfileVersionArn: '',
    };
  },
});
