// SPDX-License-Identifier: Apache-2.0
import type { Stack } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { type CfnFunction, CfnPermission } from 'aws-cdk-lib/aws-lambda';
import type { StageContext } from '../../stage.ts';
import { type CanaryPlace, functionName, idOf, titleOf } from './places.ts';

/**
 * Runs a canary each minute. By a rule, which Lambda lets in by the rule's ARN; EventBridge Scheduler would need a role
 * that may invoke functions.
 */
export function canarySchedule(
  stack: Stack,
  { names }: StageContext,
  place: CanaryPlace,
  canary: CfnFunction,
): void {
  const rule = new CfnRule(stack, idOf(place, 'Schedule'), {
    name: functionName(names, place),
    description: `${titleOf(place)}: each minute`,
    scheduleExpression: 'rate(1 minute)',
    state: 'ENABLED',
    targets: [
      {
        id: 'canary',
        arn: canary.attrArn,
        // No reason to tell it anything.
        input: '{}',
        retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
      },
    ],
  });
  new CfnPermission(stack, idOf(place, 'Invocation'), {
    action: 'lambda:InvokeFunction',
    functionName: canary.ref,
    principal: 'events.amazonaws.com',
    // The rule's ARN has the account in it, and is all that EventBridge is documented to tell Lambda.
    sourceArn: rule.attrArn,
  });
}
