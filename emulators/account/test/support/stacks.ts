// SPDX-License-Identifier: Apache-2.0
import {
  type ChangeSetInput,
  CloudFormation,
  type CloudFormationOptions,
  type Stack,
} from '../../src/index.ts';
import { type Bench, DEPLOYMENT, REGION } from './account.ts';

export type Resources = Readonly<Record<string, object>>;

export const template = (resources: Resources, outputs: object = {}): string =>
  JSON.stringify({ Resources: resources, Outputs: outputs });

/** A stack of a bench's account: every deployment is one change set, carried out to its end. */
export class Bed {
  readonly cloud: CloudFormation;
  readonly bench: Bench;

  constructor(bench: Bench, options: CloudFormationOptions = {}) {
    this.bench = bench;
    this.cloud = new CloudFormation(bench.account, REGION, options);
  }

  deploy(
    resources: Resources,
    options: Partial<ChangeSetInput> & {
      readonly outputs?: object;
      readonly retainExceptOnCreate?: boolean;
    } = {},
  ): Stack {
    const { outputs, retainExceptOnCreate, ...input } = options;
    const stackName = input.stackName ?? 'things';
    const present = this.cloud.find(stackName);
    const changeSet = this.cloud.createChangeSet(this.bench.admin, {
      stackName,
      name: 'change',
      kind: present === undefined || present.template === null ? 'CREATE' : 'UPDATE',
      templateBody: template(resources, outputs),
      roleArn: DEPLOYMENT,
      capabilities: ['CAPABILITY_NAMED_IAM'],
      ...input,
    });
    if (changeSet.status === 'FAILED') throw new Error(changeSet.reason);
    this.cloud.executeChangeSet(this.bench.admin, stackName, changeSet.name, {
      ...(retainExceptOnCreate === undefined ? {} : { retainExceptOnCreate }),
    });
    return this.cloud.settle(stackName);
  }

  destroy(stackName = 'things'): Stack {
    const stack = this.cloud.get(stackName);
    this.cloud.deleteStack(this.bench.admin, stackName);
    while (stack.operation !== null) this.cloud.step(stack);
    return stack;
  }
}

/** What resources failed with. */
export function reasons({ events }: Stack): string {
  return events
    .filter(({ status, type }) => status.endsWith('_FAILED') && type !== 'AWS::CloudFormation::Stack')
    .map(({ logicalId, reason }) => `${logicalId}: ${reason}`)
    .join('\n');
}

export const bucket = (name: string, more: object = {}) => ({
  Type: 'AWS::S3::Bucket',
  Properties: { BucketName: name },
  ...more,
});

export const group = (name: string, more: object = {}) => ({
  Type: 'AWS::Logs::LogGroup',
  Properties: { LogGroupName: name },
  ...more,
});
