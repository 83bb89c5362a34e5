// SPDX-License-Identifier: Apache-2.0
import type { Account } from '../account.ts';
import { AwsError } from '../errors.ts';
import type { Caller } from '../identities.ts';
import { LIMITS } from '../limits.ts';
import type { Stack, StackStatus } from './stack.ts';
import { parseTemplate, type Template } from './template.ts';

export interface ChangeSetInput {
  readonly stackName: string;
  readonly name: string;
  readonly kind: 'CREATE' | 'UPDATE';
  readonly templateBody?: string;
  readonly templateUrl?: string;
  readonly usePreviousTemplate?: boolean;
  readonly roleArn?: string;
  readonly capabilities?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly onFailure?: 'ROLLBACK' | 'DELETE' | 'DO_NOTHING';
  readonly importExisting?: boolean;
  /** DeploymentMode REVERT_DRIFT. */
  readonly revertDrift?: boolean;
}

/** Statuses from which an UPDATE may start. */
const UPDATABLE: ReadonlySet<StackStatus> = new Set([
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_ROLLBACK_COMPLETE',
]);

/** The template that a change set is given. @throws {AwsError} ValidationError, AccessDenied */
export function templateOf(
  account: Account,
  region: string,
  caller: Caller,
  input: ChangeSetInput,
  present: Stack | undefined,
): Template {
  if (input.usePreviousTemplate === true && present?.template != null) return present.template;
  if (input.templateBody !== undefined) {
    if (Buffer.byteLength(input.templateBody) > LIMITS.templateBody) {
      throw new AwsError(
        'ValidationError',
        `1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to ${LIMITS.templateBody}`,
      );
    }
    return parseTemplate(input.templateBody);
  }
  if (input.templateUrl === undefined) {
    throw new AwsError('ValidationError', 'Either Template URL or Template Body must be specified.');
  }
  return parseTemplate(fetchTemplate(account, region, caller, input.templateUrl));
}

/** A template of the simulated S3, with the caller's rights. */
function fetchTemplate(account: Account, region: string, caller: Caller, url: string): string {
  const { world } = account;
  const { hostname, pathname, searchParams } = new URL(url);
  const host = /^(.+)\.s3[.-]/.exec(hostname)?.[1];
  const path = decodeURIComponent(pathname.slice(1));
  const [bucket = '', ...rest] = host === undefined ? path.split('/') : [host, path];
  const key = rest.join('/');
  const version = searchParams.get('versionId') ?? undefined;
  const action = version === undefined ? 's3:GetObject' : 's3:GetObjectVersion';
  const resource = `arn:${world.partition}:s3:::${bucket}/${key}`;
  const via = { 'aws:CalledVia': ['cloudformation.amazonaws.com'], 'aws:ViaAWSService': 'true' };
  account.authorize({ principal: caller.principal, context: via }, { action, resource, region });
  const body = world.objects.get(bucket, key, version)?.body;
  if (body == null) throw new AwsError('ValidationError', 'S3 error: The specified key does not exist.');
  if (body.length > LIMITS.templateUrl) {
    throw new AwsError('ValidationError', 'Template may not exceed 1000000 bytes in size.');
  }
  return body.toString();
}

/** @throws {AwsError} ValidationError */
export function demandUpdatable(input: ChangeSetInput, present: Stack | undefined): Stack {
  if (present === undefined)
    throw new AwsError('ValidationError', `Stack [${input.stackName}] does not exist`);
  if (!UPDATABLE.has(present.status)) {
    throw new AwsError(
      'ValidationError',
      `Stack:${present.id} is in ${present.status} state and can not be updated.`,
    );
  }
  return present;
}

/** User Guide, "Acknowledging IAM resources in CloudFormation templates". @throws {AwsError} */
export function demandCapabilities({ resources }: Template, capabilities: readonly string[]): void {
  const identities = [...resources.values()].filter(({ type }) => type.startsWith('AWS::IAM::'));
  const named = identities.some(({ properties }) =>
    ['RoleName', 'ManagedPolicyName', 'InstanceProfileName', 'UserName', 'GroupName'].some(
      (name) => properties[name] !== undefined,
    ),
  );
  const needed = named ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM';
  if (identities.length === 0 || capabilities.includes('CAPABILITY_NAMED_IAM')) return;
  if (!named && capabilities.includes('CAPABILITY_IAM')) return;
  throw new AwsError('InsufficientCapabilitiesException', `Requires capabilities : [${needed}]`);
}
