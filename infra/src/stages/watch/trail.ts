// SPDX-License-Identifier: Apache-2.0
import { trailRolePolicy } from '@enclave-vault/policies';
import { CfnDeletionPolicy, type Stack } from 'aws-cdk-lib';
import { CfnTrail } from 'aws-cdk-lib/aws-cloudtrail';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnRolePolicy } from 'aws-cdk-lib/aws-iam';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { homeOf } from '../../home.ts';
import type { StageContext } from '../../stage.ts';
import { suppress } from '../../suppress.ts';
import { ARTIFACTS } from '../artifacts.ts';
import { BASE } from '../base.ts';
import { DATA } from '../data.ts';
import { EVIDENCE } from '../evidence.ts';
import { TRAIL_SILENT } from './own-alarms.ts';

/**
 * A trail of all Regions and of IAM, with digests by which a missing or changed file is found.
 * @returns the log group of its copy, where there is one
 */
export function makeTrail(stack: Stack, context: StageContext): CfnLogGroup | undefined {
  const { config, names, outputs } = context;
  const { Bucket, KeyArn } = outputs(EVIDENCE);
  const copy = config.watch.copyToLogs ? makeCopy(stack, context) : undefined;
  const trail = new CfnTrail(stack, 'Trail', {
    trailName: names.trail,
    isLogging: true,
    isMultiRegionTrail: true,
    includeGlobalServiceEvents: true,
    enableLogFileValidation: true,
    s3BucketName: Bucket,
    kmsKeyId: KeyArn,
    advancedEventSelectors: eventSelectors(context),
    ...(copy === undefined
      ? {}
      : {
          cloudWatchLogsLogGroupArn: copy.group.attrArn,
          cloudWatchLogsRoleArn: names.roleArn('trail'),
        }),
  });
  suppress(trail, {
    rule: 'CloudTrailCloudWatchLogsEnabled',
    reason:
      'The copy in a log group costs by the gigabyte and may be left out (`watch.copyToLogs`); rules of EventBridge see the Region’s changes without it.',
  });
  if (copy === undefined) return undefined;
  // CloudTrail tries the role when the trail is made.
  trail.addResourceDependency(copy.rights);
  silence(stack, context);
  return copy.group;
}

function makeCopy(
  stack: Stack,
  { config, names, outputs }: StageContext,
): { readonly group: CfnLogGroup; readonly rights: CfnRolePolicy } {
  const group = new CfnLogGroup(stack, 'TrailLogs', {
    logGroupName: names.logGroups.trail,
    kmsKeyId: outputs(BASE).LogsKeyArn,
    retentionInDays: config.watch.logDays,
  });
  // A copy: the evidence is in the bucket, which stays.
  group.cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE;
  const { partition, region, account } = config;
  const rights = new CfnRolePolicy(stack, 'TrailPermissions', {
    roleName: names.roleName('trail'),
    policyName: 'events',
    policyDocument: trailRolePolicy(
      homeOf(config, names),
      `arn:${partition}:logs:${region}:${account}:log-group:${names.logGroups.trail}`,
    ),
  });
  rights.addResourceDependency(group);
  return { group, rights };
}

/**
 * Management events of every service, KMS’s Decrypt among them: who decrypted under which context is the point of the
 * record. Data events only as configured, and whoever invokes the API's function under a name of his own: the gateway
 * invokes it as a service, without an ARN, so that its requests are neither recorded nor paid for.
 */
function eventSelectors({ config, names, outputs }: StageContext): CfnTrail.AdvancedEventSelectorProperty[] {
  const selector = (
    name: string,
    category: 'Management' | 'Data',
    fields: readonly CfnTrail.AdvancedFieldSelectorProperty[] = [],
  ) => ({ name, fieldSelectors: [{ field: 'eventCategory', equalTo: [category] }, ...fields] });
  const data = {
    artifacts: selector('Files of the bucket of artifacts', 'Data', [
      { field: 'resources.type', equalTo: ['AWS::S3::Object'] },
      { field: 'resources.ARN', startsWith: [`arn:${config.partition}:s3:::${outputs(ARTIFACTS).Bucket}/`] },
    ]),
    table: selector('Items of the table', 'Data', [
      { field: 'resources.type', equalTo: ['AWS::DynamoDB::Table'] },
      { field: 'resources.ARN', equalTo: [outputs(DATA).TableArn] },
    ]),
  };
  const { partition, region, account } = config;
  return [
    selector('Management events', 'Management'),
    selector('The API, invoked past the gateway', 'Data', [
      { field: 'resources.type', equalTo: ['AWS::Lambda::Function'] },
      {
        field: 'resources.ARN',
        startsWith: [`arn:${partition}:lambda:${region}:${account}:function:${names.apiFunction}`],
      },
      { field: 'userIdentity.arn', startsWith: [`arn:${partition}:`] },
    ]),
    ...config.watch.dataEvents.map((which) => data[which]),
  ];
}

/** The canaries alone make several records a minute: a trail without any was stopped, or cannot write. */
function silence(stack: Stack, { config, names, outputs }: StageContext): void {
  new CfnAlarm(stack, 'TrailSilent', {
    alarmName: `${config.name}-${TRAIL_SILENT.id}`,
    alarmDescription: `${TRAIL_SILENT.means} ${TRAIL_SILENT.todo}`,
    namespace: 'AWS/Logs',
    metricName: 'IncomingLogEvents',
    dimensions: [{ name: 'LogGroupName', value: names.logGroups.trail }],
    statistic: 'Sum',
    comparisonOperator: 'LessThanThreshold',
    threshold: 1,
    period: 300,
    evaluationPeriods: 6,
    datapointsToAlarm: 6,
    treatMissingData: 'breaching',
    alarmActions: [outputs(BASE).TopicArn],
    okActions: [outputs(BASE).TopicArn],
  });
}
