// SPDX-License-Identifier: Apache-2.0
import { signingKeyPolicy } from '@enclave-vault/policies';
import { homeOf } from '../home.ts';
import { defineStage } from '../stage.ts';
import { customerKey } from './keys/customer-key.ts';
import { keyArnOutput } from './shapes.ts';

/**
 * The two keys with which the pipeline signs: images (PCR8 is the certificate of the first) and releases. Kept, and a stack of their
 * own: a new image key would be a new certificate, and a rollout.
 */
export const SIGNING = defineStage({
  id: 'signing',
  title: 'Keys that sign images and releases',
  kept: true,
  when: ({ pipeline }) => pipeline.source !== 'none',
  outputs: {
    ImageKeyArn: keyArnOutput('8'),
    ReleaseKeyArn: keyArnOutput('9'),
  },
  build(stack, { config, names }) {
    const home = homeOf(config, names);
    const image = customerKey(stack, 'ImageKey', {
      alias: `${config.name}/image-signing`,
      description: 'Signs enclave images',
      policy: signingKeyPolicy(home, 'image'),
      signing: true,
      kept: true,
    });
    const release = customerKey(stack, 'ReleaseKey', {
      alias: `${config.name}/release-signing`,
      description: 'Signs releases',
      policy: signingKeyPolicy(home, 'release'),
      signing: true,
      kept: true,
    });
    return { ImageKeyArn: image.attrArn, ReleaseKeyArn: release.attrArn };
  },
});
