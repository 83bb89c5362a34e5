// SPDX-License-Identifier: Apache-2.0
import type { ChangeSetRequest, ChangeSetState, StackEvent, StackState, Stacks } from '../ports.ts';
import { clientConfig, lazy } from './clients.ts';
import { call, isCalled } from './errors.ts';

/** CloudFormation in a Region. */
export function awsStacks(region: string): Stacks {
  const client = lazy(async () => {
    const sdk = await import('@aws-sdk/client-cloudformation');
    return { sdk, cloudformation: new sdk.CloudFormationClient(clientConfig(region)) };
  });
  return {
    region,
    describe: async (stack) => {
      const { sdk, cloudformation } = await client();
      return call('DescribeStacks', async () => {
        try {
          const { Stacks = [] } = await cloudformation.send(
            new sdk.DescribeStacksCommand({ StackName: stack }),
          );
          return Stacks[0] && stateOf(Stacks[0]);
        } catch (error) {
          // There is no error of its own for a stack that is not there.
          if (isCalled(error, 'ValidationError') && /does not exist/.test(String(error))) return undefined;
          throw error;
        }
      });
    },
    template: async (stack) => {
      const { sdk, cloudformation } = await client();
      const { TemplateBody = '' } = await call('GetTemplate', () =>
        cloudformation.send(new sdk.GetTemplateCommand({ StackName: stack, TemplateStage: 'Original' })),
      );
      return TemplateBody;
    },
    propose: async (request) => {
      const { sdk, cloudformation } = await client();
      const { Id = '' } = await call('CreateChangeSet', () =>
        cloudformation.send(new sdk.CreateChangeSetCommand(changeSetInput(request))),
      );
      return Id;
    },
    proposal: async (changeSet) => {
      const { sdk, cloudformation } = await client();
      return call('DescribeChangeSet', async () => {
        const changes: ChangeSetState['changes'][number][] = [];
        let next: string | undefined;
        for (;;) {
          const page: import('@aws-sdk/client-cloudformation').DescribeChangeSetCommandOutput =
            await cloudformation.send(
              new sdk.DescribeChangeSetCommand({
                ChangeSetName: changeSet,
                ...(next && { NextToken: next }),
              }),
            );
          changes.push(...(page.Changes ?? []).map(changeOf));
          next = page.NextToken;
          if (next) continue;
          const { Status = 'unknown', StatusReason } = page;
          return { status: Status, ...(StatusReason && { reason: StatusReason }), changes };
        }
      });
    },
    withdraw: async (changeSet) => {
      const { sdk, cloudformation } = await client();
      await call('DeleteChangeSet', () =>
        cloudformation.send(new sdk.DeleteChangeSetCommand({ ChangeSetName: changeSet })),
      );
    },
    execute: async (changeSet) => {
      const { sdk, cloudformation } = await client();
      await call('ExecuteChangeSet', () =>
        cloudformation.send(
          // A first attempt that fails must leave nothing that the next one would find in its way, of kept resources neither.
          new sdk.ExecuteChangeSetCommand({ ChangeSetName: changeSet, RetainExceptOnCreate: true }),
        ),
      );
    },
    remove: async (stack, role) => {
      const { sdk, cloudformation } = await client();
      await call('DeleteStack', () =>
        cloudformation.send(new sdk.DeleteStackCommand({ StackName: stack, ...(role && { RoleARN: role }) })),
      );
    },
    protect: async (stack, on) => {
      const { sdk, cloudformation } = await client();
      await call('UpdateTerminationProtection', () =>
        cloudformation.send(
          new sdk.UpdateTerminationProtectionCommand({ StackName: stack, EnableTerminationProtection: on }),
        ),
      );
    },
    events: async function* (stack) {
      const { sdk, cloudformation } = await client();
      let next: string | undefined;
      do {
        const page: import('@aws-sdk/client-cloudformation').DescribeStackEventsCommandOutput = await call(
          'DescribeStackEvents',
          () =>
            cloudformation.send(
              new sdk.DescribeStackEventsCommand({ StackName: stack, ...(next && { NextToken: next }) }),
            ),
        );
        yield* (page.StackEvents ?? []).map(eventOf);
        next = page.NextToken;
      } while (next);
    },
  };
}

function changeSetInput(request: ChangeSetRequest) {
  const { stack, kind, changeSet, template, role, tags, namedIam, adopt, revertDrift } = request;
  return {
    StackName: stack,
    ChangeSetName: changeSet,
    ChangeSetType: kind,
    ...('body' in template ? { TemplateBody: template.body } : { TemplateURL: template.url }),
    ...(role && { RoleARN: role }),
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    ...(adopt && { ImportExistingResources: true }),
    ...(revertDrift && { DeploymentMode: 'REVERT_DRIFT' as const }),
    ...(namedIam && { Capabilities: ['CAPABILITY_NAMED_IAM' as const] }),
  };
}

function stateOf(stack: import('@aws-sdk/client-cloudformation').Stack): StackState {
  const { StackName = '', StackId = '', StackStatus = 'unknown', StackStatusReason } = stack;
  return {
    name: StackName,
    id: StackId,
    status: StackStatus,
    ...(StackStatusReason && { reason: StackStatusReason }),
    tags: Object.fromEntries((stack.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
    outputs: Object.fromEntries(
      (stack.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    ),
    terminationProtection: stack.EnableTerminationProtection === true,
  };
}

function changeOf({ ResourceChange = {} }: import('@aws-sdk/client-cloudformation').Change) {
  const {
    Action = 'Dynamic',
    LogicalResourceId = '',
    ResourceType = '',
    Replacement = 'False',
    ResourceDriftStatus,
  } = ResourceChange;
  const properties = (ResourceChange.Details ?? []).flatMap(({ Target }) => {
    const name = Target?.Name ?? Target?.Attribute;
    return name === undefined ? [] : [name];
  });
  return {
    action: Action,
    logicalId: LogicalResourceId,
    type: ResourceType,
    replacement: Replacement,
    properties: [...new Set(properties)],
    ...(ResourceDriftStatus && { drift: ResourceDriftStatus }),
  };
}

function eventOf(event: import('@aws-sdk/client-cloudformation').StackEvent): StackEvent {
  const { EventId = '', Timestamp, LogicalResourceId = '', ResourceType = '', ResourceStatus = '' } = event;
  return {
    id: EventId,
    time: Timestamp?.getTime() ?? 0,
    logicalId: LogicalResourceId,
    type: ResourceType,
    status: ResourceStatus,
    ...(event.ResourceStatusReason && { reason: event.ResourceStatusReason }),
  };
}
