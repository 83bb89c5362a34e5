// SPDX-License-Identifier: Apache-2.0
import { AwsError } from '../errors.ts';
import { textAt } from '../json.ts';
import type { Endpoint, Request, Response } from './endpoint.ts';
import { jsonOf } from './endpoint.ts';
import { throughS3 } from './s3.ts';

/** Invocations and what is read of functions. */
export const LAMBDA: Endpoint = {
  protocol: 'rest-json',
  handle(request): Response {
    const { on, region, path, method, authorize } = request;
    const { world } = on.account;
    const match = /^\/2015-03-31\/functions\/([^/]+)(\/invocations)?$/.exec(path);
    const name = decodeURIComponent(match?.[1] ?? '');
    const arn = name.startsWith('arn:')
      ? name
      : `arn:${world.partition}:lambda:${region}:${world.account}:function:${name}`;
    if (match === null || method !== (match[2] === undefined ? 'GET' : 'POST')) throw unknown(request);
    authorize(match[2] === undefined ? 'lambda:GetFunction' : 'lambda:InvokeFunction', arn);
    const found = world.owner(arn);
    if (found === undefined)
      throw new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, { status: 404 });
    if (match[2] === undefined) {
      const Configuration = {
        FunctionName: found.id,
        FunctionArn: found.arn,
        State: 'Active',
        LastUpdateStatus: 'Successful',
      };
      return json({ Configuration });
    }
    const { failed, answer } = on.invoke(found.id, jsonOf(request));
    return {
      headers: {
        'X-Amz-Executed-Version': '$LATEST',
        ...(failed ? { 'X-Amz-Function-Error': 'Unhandled' } : {}),
      },
      body: JSON.stringify(answer),
    };
  },
};

interface SigningJob {
  readonly id: string;
  readonly profile: string;
  readonly profileVersion: string;
  readonly source: { readonly bucketName: string; readonly key: string; readonly version: string };
  readonly signed: { readonly bucketName: string; readonly key: string };
  looks: number;
}

/** Jobs are done by the second look. Signed objects are the same bytes: what counts is which profile vouches for them. */
export function signer(): Endpoint {
  const jobs = new Map<string, SigningJob>();
  return {
    protocol: 'rest-json',
    handle(request): Response {
      const { method, path } = request;
      if (method === 'POST' && path === '/signing-jobs') return startSigning(request, jobs);
      const id = /^\/signing-jobs\/([^/]+)$/.exec(path)?.[1];
      if (method !== 'GET' || id === undefined) throw unknown(request);
      const { world } = request.on.account;
      request.authorize(
        'signer:DescribeSigningJob',
        `arn:${world.partition}:signer:${request.region}:${world.account}:/signing-jobs/${id}`,
      );
      const job = jobs.get(id);
      if (job === undefined)
        throw new AwsError('ResourceNotFoundException', `No signing job ${id}`, { status: 404 });
      job.looks += 1;
      const done = job.looks > 1;
      return json({
        jobId: job.id,
        status: done ? 'Succeeded' : 'InProgress',
        profileName: job.profile,
        profileVersion: job.profileVersion,
        source: { s3: job.source },
        ...(done ? { signedObject: { s3: job.signed } } : {}),
      });
    },
  };
}

function startSigning(request: Request, jobs: Map<string, SigningJob>): Response {
  const { on, region, authorize, caller } = request;
  const { world } = on.account;
  const input = jsonOf(request) as {
    profileName?: string;
    source?: { s3?: { bucketName: string; key: string; version: string } };
    destination?: { s3?: { bucketName: string; prefix?: string } };
  };
  const name = input.profileName ?? '';
  const profile = world
    .all('AWS::Signer::SigningProfile', region)
    .find(({ attributes }) => attributes.ProfileName === name);
  authorize(
    'signer:StartSigningJob',
    profile?.arn ?? `arn:${world.partition}:signer:${region}:${world.account}:/signing-profiles/${name}`,
  );
  const source = input.source?.s3;
  const destination = input.destination?.s3;
  if (profile === undefined)
    throw new AwsError('ResourceNotFoundException', `No signing profile ${name}`, { status: 404 });
  if (source === undefined || destination === undefined)
    throw new AwsError('ValidationException', 'source and destination must be given');
  const from = world.all('AWS::S3::Bucket').find(({ id }) => id === source.bucketName);
  const to = world.all('AWS::S3::Bucket').find(({ id }) => id === destination.bucketName);
  if (from === undefined || to === undefined)
    throw new AwsError('ValidationException', 'the bucket does not exist');
  if (textAt(from.properties, 'VersioningConfiguration.Status') !== 'Enabled') {
    throw new AwsError('ValidationException', 'Versioning must be enabled on the source bucket');
  }
  const id = [8, 4, 4, 4, 12].map((length) => world.fresh(length)).join('-');
  const key = `${destination.prefix ?? ''}${id}.zip`;
  // Signer reads and writes with the caller's rights.
  const via = { 'aws:CalledVia': ['signer.amazonaws.com'], 'aws:ViaAWSService': 'true' };
  const actor = { principal: caller.principal, context: via };
  on.account.authorize(actor, {
    action: 's3:GetObjectVersion',
    resource: `${from.arn}/${source.key}`,
    region,
  });
  on.account.authorize(actor, { action: 's3:PutObject', resource: `${to.arn}/${key}`, region });
  throughS3(request, from, source.key, ['kms:Decrypt']);
  throughS3(request, to, key, ['kms:GenerateDataKey']);
  const object = world.objects.get(from.id, source.key, source.version);
  if (object?.body == null) throw new AwsError('ValidationException', 'the source object does not exist');
  const signedBy = profile.attributes.ProfileVersionArn ?? '';
  world.objects.put(to.id, key, object.body, { signedBy });
  jobs.set(id, {
    id,
    profile: name,
    profileVersion: profile.attributes.ProfileVersion ?? '',
    source,
    signed: { bucketName: to.id, key },
    looks: 0,
  });
  return json({ jobId: id, jobOwner: world.account });
}

/** The account-wide settings of API Gateway. */
export const API_GATEWAY: Endpoint = {
  protocol: 'rest-json',
  handle(request): Response {
    const { on, region, method, path, authorize } = request;
    const { world } = on.account;
    if (path !== '/account') throw unknown(request);
    const arn = `arn:${world.partition}:apigateway:${region}::/account`;
    if (method === 'GET') authorize('apigateway:GET', arn);
    else if (method === 'PATCH') setLogRole(request, arn);
    else throw unknown(request);
    return json(world.apiGatewayLogRole === null ? {} : { cloudwatchRoleArn: world.apiGatewayLogRole });
  },
};

function setLogRole(request: Request, arn: string): void {
  const { on, region, authorize } = request;
  const { account } = on;
  authorize('apigateway:PATCH', arn);
  const operations = (jsonOf(request).patchOperations ?? []) as readonly { path: string; value: string }[];
  const role = operations.find(({ path }) => path === '/cloudwatchRoleArn')?.value ?? '';
  authorize('iam:PassRole', role, { 'iam:PassedToService': 'apigateway.amazonaws.com' });
  const gateway = {
    principal: {
      arn: 'apigateway.amazonaws.com',
      type: 'service',
      service: 'apigateway.amazonaws.com',
    } as const,
    context: { 'aws:SourceAccount': account.world.account },
  };
  if (
    account.world.byArn(role) === undefined ||
    !account.decide(gateway, { action: 'sts:AssumeRole', resource: role, region }).allowed
  ) {
    throw new AwsError(
      'BadRequestException',
      'The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and add the required role policy.',
    );
  }
  account.world.apiGatewayLogRole = role;
}

function json(value: object): Response {
  return { body: JSON.stringify(value) };
}

function unknown({ method, path }: Request): AwsError {
  return new AwsError('UnknownOperationException', `${method} ${path} is not known here`, { status: 404 });
}
