// SPDX-License-Identifier: Apache-2.0

import type { CloudFormation } from '../cloudformation/service.ts';
import type { Change, ChangeSet, Stack, StackEvent } from '../cloudformation/stack.ts';
import { AwsError } from '../errors.ts';
import { type Endpoint, formOf, membersOf, pairsOf, type Request, type Response } from './endpoint.ts';
import { element, type Xml } from './xml.ts';

type Operation = (form: URLSearchParams, request: Request, cloud: CloudFormation) => Xml;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  CreateChangeSet: (form, { caller }, cloud) => {
    const stackName = form.get('StackName') ?? '';
    const changeSet = cloud.createChangeSet(caller, {
      stackName,
      name: form.get('ChangeSetName') ?? '',
      kind: form.get('ChangeSetType') === 'CREATE' ? 'CREATE' : 'UPDATE',
      ...optional('templateBody', form.get('TemplateBody')),
      ...optional('templateUrl', form.get('TemplateURL')),
      ...optional('roleArn', form.get('RoleARN')),
      ...(form.get('OnStackFailure') === 'DELETE' ? { onFailure: 'DELETE' } : {}),
      usePreviousTemplate: form.get('UsePreviousTemplate') === 'true',
      importExisting: form.get('ImportExistingResources') === 'true',
      revertDrift: form.get('DeploymentMode') === 'REVERT_DRIFT',
      capabilities: membersOf(form, 'Capabilities'),
      tags: pairsOf(form, 'Tags'),
    });
    return { Id: changeSet.id, StackId: cloud.get(stackName).id };
  },
  DescribeChangeSet: (form, { caller }, cloud) => {
    const { stack, changeSet } = named(form, cloud);
    cloud.demand(caller, 'DescribeChangeSet', stack.name);
    return {
      ChangeSetId: changeSet.id,
      ChangeSetName: changeSet.name,
      StackId: stack.id,
      StackName: stack.name,
      Status: changeSet.status,
      StatusReason: changeSet.reason,
      ExecutionStatus: changeSet.executionStatus,
      CreationTime: iso(changeSet.createdAt),
      Changes: changeSet.changes.map(describeChange),
    };
  },
  ExecuteChangeSet: (form, { caller }, cloud) => {
    const { stack, changeSet } = named(form, cloud);
    cloud.executeChangeSet(caller, stack.name, changeSet.name, {
      retainExceptOnCreate: form.get('RetainExceptOnCreate') === 'true',
      ...(form.get('DisableRollback') === 'true' ? { disableRollback: true } : {}),
    });
    return {};
  },
  DeleteChangeSet: (form, { caller }, cloud) => {
    const { stack, changeSet } = named(form, cloud);
    cloud.deleteChangeSet(caller, stack.name, changeSet.name);
    return {};
  },
  DescribeStacks: (form, { caller, on }, cloud) => {
    const name = form.get('StackName');
    if (name === null) {
      cloud.demand(caller, 'DescribeStacks', '*');
      return { Stacks: cloud.stacks.filter(({ deletedAt }) => deletedAt === undefined).map(describeStack) };
    }
    cloud.demand(caller, 'DescribeStacks', name);
    const stack = cloud.get(name);
    proceed(cloud, stack, on.pace);
    // By its name a deleted stack is not there any more.
    if (stack.deletedAt !== undefined && !name.startsWith('arn:')) cloud.get(name);
    return { Stacks: [describeStack(stack)] };
  },
  DescribeStackEvents: (form, { caller, on }, cloud) => {
    const name = form.get('StackName') ?? '';
    cloud.demand(caller, 'DescribeStackEvents', name);
    const stack = cloud.get(name);
    proceed(cloud, stack, on.pace);
    const from = Number(form.get('NextToken') ?? '0');
    const events = [...stack.events].reverse();
    const more = from + PAGE < events.length;
    return {
      StackEvents: events.slice(from, from + PAGE).map((event) => describeEvent(stack, event)),
      NextToken: more ? String(from + PAGE) : undefined,
    };
  },
  DescribeStackResources: (form, { caller }, cloud) => {
    const name = form.get('StackName') ?? '';
    cloud.demand(caller, 'DescribeStackResources', name);
    return { StackResources: resourcesOf(cloud.get(name)) };
  },
  ListStackResources: (form, { caller }, cloud) => {
    const name = form.get('StackName') ?? '';
    cloud.demand(caller, 'ListStackResources', name);
    return { StackResourceSummaries: resourcesOf(cloud.get(name)) };
  },
  GetTemplate: (form, { caller }, cloud) => {
    const name = form.get('StackName') ?? '';
    cloud.demand(caller, 'GetTemplate', name);
    const template = cloud.get(name).template;
    if (template === null) throw new AwsError('ValidationError', `Stack with id ${name} has no template`);
    return { TemplateBody: template.body, StagesAvailable: ['Original', 'Processed'] };
  },
  DeleteStack: (form, { caller }, cloud) => {
    cloud.deleteStack(caller, form.get('StackName') ?? '', {
      ...optional('roleArn', form.get('RoleARN')),
      retain: membersOf(form, 'RetainResources'),
    });
    return {};
  },
  ContinueUpdateRollback: (form, { caller }, cloud) => {
    cloud.continueUpdateRollback(caller, form.get('StackName') ?? '');
    return {};
  },
  UpdateTerminationProtection: (form, { caller }, cloud) => {
    const name = form.get('StackName') ?? '';
    cloud.updateTerminationProtection(caller, name, form.get('EnableTerminationProtection') === 'true');
    return { StackId: cloud.get(name).id };
  },
  SetStackPolicy: (form, { caller }, cloud) => {
    cloud.setStackPolicy(caller, form.get('StackName') ?? '', form.get('StackPolicyBody') ?? '');
    return {};
  },
};

/** As many as CloudFormation gives at once. */
const PAGE = 100;

export const CLOUDFORMATION: Endpoint = {
  protocol: 'query',
  handle(request): Response {
    const form = formOf(request);
    const name = form.get('Action') ?? '';
    const operation = OPERATIONS[name];
    if (operation === undefined)
      throw new AwsError('InvalidAction', `The action ${name} is not valid for this endpoint.`);
    const result = operation(form, request, request.on.cloud(request.region));
    return { body: element(`${name}Response`, { [`${name}Result`]: result }) };
  },
};

function named(form: URLSearchParams, cloud: CloudFormation): { stack: Stack; changeSet: ChangeSet } {
  const name = form.get('ChangeSetName') ?? '';
  const stackName = form.get('StackName');
  for (const stack of cloud.stacks) {
    if (stack.deletedAt !== undefined) continue;
    if (stackName !== null && stack.name !== stackName && stack.id !== stackName) continue;
    const found = [...stack.changeSets.values()].find((one) => one.id === name || one.name === name);
    if (found !== undefined) return { stack, changeSet: found };
  }
  throw new AwsError('ChangeSetNotFound', `ChangeSet [${name}] does not exist`, { status: 404 });
}

function proceed(cloud: CloudFormation, stack: Stack, events: number): void {
  for (let count = 0; count < events && stack.operation !== null; count += 1) cloud.step(stack);
}

function describeStack(stack: Stack): Xml {
  return {
    StackId: stack.id,
    StackName: stack.name,
    StackStatus: stack.status,
    StackStatusReason: stack.reason,
    CreationTime: iso(stack.createdAt),
    LastUpdatedTime: stack.updatedAt === undefined ? undefined : iso(stack.updatedAt),
    DeletionTime: stack.deletedAt === undefined ? undefined : iso(stack.deletedAt),
    RoleARN: stack.roleArn ?? undefined,
    EnableTerminationProtection: stack.terminationProtection,
    Description: stack.template?.description,
    Tags: Object.entries(stack.tags).map(([Key, Value]) => ({ Key, Value })),
    Outputs: Object.entries(stack.outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
  };
}

function describeEvent(stack: Stack, event: StackEvent): Xml {
  return {
    EventId: event.id,
    StackId: stack.id,
    StackName: stack.name,
    LogicalResourceId: event.logicalId,
    PhysicalResourceId: event.physicalId,
    ResourceType: event.type,
    Timestamp: iso(event.time),
    ResourceStatus: event.status,
    ResourceStatusReason: event.reason,
  };
}

function describeChange(change: Change): Xml {
  const { action, logicalId, type, physicalId, replacement, properties, drift } = change;
  return {
    Type: 'Resource',
    ResourceChange: {
      Action: action,
      LogicalResourceId: logicalId,
      PhysicalResourceId: physicalId,
      ResourceType: type,
      Replacement: replacement,
      ResourceDriftStatus: drift,
      Details: properties.map((Name) => ({ Target: { Attribute: 'Properties', Name } })),
    },
  };
}

function resourcesOf(stack: Stack): readonly Xml[] {
  return [...stack.resources.values()].map(({ logicalId, thing, status }) => ({
    StackName: stack.name,
    LogicalResourceId: logicalId,
    PhysicalResourceId: thing.id,
    ResourceType: thing.type,
    ResourceStatus: status,
    Timestamp: iso(stack.updatedAt ?? stack.createdAt),
    LastUpdatedTimestamp: iso(stack.updatedAt ?? stack.createdAt),
  }));
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function optional<K extends string>(name: K, value: string | null): { readonly [member in K]?: string } {
  return value === null ? {} : ({ [name]: value } as { readonly [member in K]?: string });
}
