// SPDX-License-Identifier: Apache-2.0
import { Fn, type Stack } from 'aws-cdk-lib';
import { CfnLaunchTemplate } from 'aws-cdk-lib/aws-ec2';
import type { StageContext } from '../../stage.ts';
import { NETWORK } from '../network.ts';
import { userData } from './user-data.ts';

/** Resolved at each launch: an instance lives for a day, so patches of the operating system arrive within one. */
const NEWEST_IMAGE =
  'resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-default-arm64';

/** The root device of Amazon Linux's images. */
const ROOT_DEVICE = '/dev/xvda';

/**
 * What an instance is. No key pair, no address but its private one, metadata by IMDSv2 alone and not past the instance
 * itself. @param group logical id of the group that launches it
 */
export function makeLaunchTemplate(stack: Stack, context: StageContext, group: string): CfnLaunchTemplate {
  const { config, names, outputs, release } = context;
  const { decryption, network, name } = config;
  const tags = Object.entries({
    ...config.tags,
    'enclave-vault': name,
    Name: `${name}-parent`,
  }).map(([key, value]) => ({ key, value }));
  const script = userData({
    region: config.region,
    account: config.account,
    release: release(),
    stack: names.stack('decryption'),
    group,
    logGroup: names.logGroups.parent,
    releasever: decryption.releasever,
    packages: network.sessionManager ? ['amazon-ssm-agent'] : [],
    bootSeconds: decryption.bootSeconds,
    settleSeconds: decryption.settleSeconds,
  });
  return new CfnLaunchTemplate(stack, 'LaunchTemplate', {
    launchTemplateName: `${name}-parents`,
    versionDescription: `Enclave Vault ${release().release}`,
    // A stack's tags do not reach a launch template, whose tags are of another form; the deployment role makes none without.
    tagSpecifications: [{ resourceType: 'launch-template', tags }],
    launchTemplateData: {
      imageId: decryption.ami ?? NEWEST_IMAGE,
      enclaveOptions: { enabled: true },
      metadataOptions: {
        httpEndpoint: 'enabled',
        httpTokens: 'required',
        // A packet of the metadata service's does not leave the instance: no container, no proxy.
        httpPutResponseHopLimit: 1,
        httpProtocolIpv6: 'disabled',
        instanceMetadataTags: 'disabled',
      },
      iamInstanceProfile: {
        arn: `arn:${config.partition}:iam::${config.account}:instance-profile${names.path}${names.roleName('instance')}`,
      },
      networkInterfaces: [
        {
          deviceIndex: 0,
          associatePublicIpAddress: false,
          deleteOnTermination: true,
          groups: [outputs(NETWORK).InstanceSecurityGroupId],
        },
      ],
      blockDeviceMappings: [
        {
          deviceName: ROOT_DEVICE,
          ebs: {
            volumeType: 'gp3',
            volumeSize: decryption.volumeGib,
            deleteOnTermination: true,
            // Under aws/ebs: with a customer key Auto Scaling's service-linked role would need kms:CreateGrant on it (Auto Scaling User
            // Guide, "Required KMS key policy for use with encrypted volumes"), a right that no key of the vault gives. The disk has a
            // public image and logs on it, and no data of the vault.
            encrypted: true,
          },
        },
      ],
      ebsOptimized: true,
      monitoring: { enabled: true },
      // How an instance ends itself: user data, when a digest is not the one expected.
      instanceInitiatedShutdownBehavior: 'terminate',
      tagSpecifications: ['instance', 'volume', 'network-interface'].map((resourceType) => ({
        resourceType,
        tags,
      })),
      userData: Fn.base64(script),
    },
  });
}
