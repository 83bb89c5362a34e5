// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { AwsError } from '../errors.ts';
import { listAt, textAt } from '../json.ts';
import type { ObjectVersion } from '../objects.ts';
import type { Thing } from '../world.ts';
import type { Endpoint, Request, Response } from './endpoint.ts';
import { element, textsOf, type Xml } from './xml.ts';

/*
 * S3 by paths, as clients call a server with an address for a name. Objects of a bucket with a customer key are written
 * and read with the caller's rights on the key, through S3 (S3 User Guide, "Using server-side encryption with KMS keys").
 */

export const S3: Endpoint = {
  protocol: 's3',
  handle(request): Response {
    const [bucketName = '', ...rest] = request.path.slice(1).split('/').map(decodeURIComponent);
    const key = rest.join('/');
    const { world } = request.on.account;
    const bucket = world.all('AWS::S3::Bucket').find(({ id }) => id === bucketName);
    if (bucket === undefined)
      throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', { status: 404 });
    const owner = request.headers.get('x-amz-expected-bucket-owner');
    if (owner !== undefined && owner !== world.account)
      throw new AwsError('AccessDenied', 'Access Denied', { status: 403 });
    if (key === '') return ofBucket(request, bucket);
    if (request.method === 'PUT') return put(request, bucket, key);
    if (request.method === 'GET' || request.method === 'HEAD') return get(request, bucket, key);
    if (request.method === 'DELETE') return removeOne(request, bucket, key);
    throw new AwsError('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
      status: 405,
    });
  },
};

function ofBucket(request: Request, bucket: Thing): Response {
  const { query, method, authorize } = request;
  if (method === 'GET' && query.has('versioning')) {
    authorize('s3:GetBucketVersioning', bucket.arn);
    return xml('VersioningConfiguration', {
      Status: textAt(bucket.properties, 'VersioningConfiguration.Status'),
    });
  }
  if (method === 'GET' && query.has('versions')) return listVersions(request, bucket);
  if (method === 'POST' && query.has('delete')) return removeMany(request, bucket);
  if (method === 'HEAD') {
    authorize('s3:ListBucket', bucket.arn);
    return { body: '' };
  }
  throw new AwsError('NotImplemented', 'This operation of buckets is not emulated', { status: 501 });
}

function listVersions({ on, query, authorize }: Request, bucket: Thing): Response {
  authorize('s3:ListBucketVersions', bucket.arn);
  const limit = Number(query.get('max-keys') ?? '1000');
  const prefix = query.get('prefix') ?? '';
  const all = on.account.world.objects.versions(bucket.id).filter(({ key }) => key.startsWith(prefix));
  const entry = ({ key, versionId, modified, body }: ObjectVersion): Xml => ({
    Key: key,
    VersionId: versionId,
    IsLatest: false,
    LastModified: new Date(modified).toISOString(),
    ...(body === null ? {} : { Size: body.length, ETag: etag(body) }),
  });
  const page = all.slice(0, limit);
  return xml('ListVersionsResult', {
    Name: bucket.id,
    Prefix: prefix,
    MaxKeys: limit,
    IsTruncated: all.length > page.length,
    Version: page.filter(({ body }) => body !== null).map(entry),
    DeleteMarker: page.filter(({ body }) => body === null).map(entry),
  });
}

function removeMany(request: Request, bucket: Thing): Response {
  const entries = request.body.toString().split('<Object>').slice(1);
  const locked = request.headers.get('x-amz-bypass-governance-retention') === 'true';
  for (const entry of entries) {
    const [key = ''] = textsOf(entry, 'Key');
    const [versionId] = textsOf(entry, 'VersionId');
    removeVersion(request, bucket, key, versionId, locked);
  }
  return xml('DeleteResult', {});
}

function removeOne(request: Request, bucket: Thing, key: string): Response {
  const locked = request.headers.get('x-amz-bypass-governance-retention') === 'true';
  removeVersion(request, bucket, key, request.query.get('versionId') ?? undefined, locked);
  return { status: 204, body: '' };
}

function removeVersion(
  { authorize, on }: Request,
  bucket: Thing,
  key: string,
  versionId: string | undefined,
  locked: boolean,
): void {
  const arn = `${bucket.arn}/${key}`;
  authorize(versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion', arn);
  if (locked) authorize('s3:BypassGovernanceRetention', arn);
  on.account.world.objects.delete(bucket.id, key, versionId);
}

function put(request: Request, bucket: Thing, key: string): Response {
  const { authorize, headers, body, on } = request;
  authorize('s3:PutObject', `${bucket.arn}/${key}`);
  const digest = createHash('sha256').update(body).digest('base64');
  const given = headers.get('x-amz-checksum-sha256');
  if (given !== undefined && given !== digest) {
    throw new AwsError('BadDigest', 'The SHA256 you specified did not match the calculated checksum.');
  }
  throughS3(request, bucket, key, ['kms:GenerateDataKey']);
  const version = on.account.world.objects.put(bucket.id, key, body, {
    headers: given === undefined ? {} : { 'x-amz-checksum-sha256': digest },
  });
  return {
    headers: { ETag: etag(body), 'x-amz-version-id': version.versionId, ...version.headers },
    body: '',
  };
}

function get(request: Request, bucket: Thing, key: string): Response {
  const { authorize, method, query, headers, on } = request;
  const versionId = query.get('versionId') ?? undefined;
  authorize(versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion', `${bucket.arn}/${key}`);
  const found = on.account.world.objects.get(bucket.id, key, versionId);
  if (found === undefined || found.body === null) {
    // Without the right to list, S3 does not tell what is not there.
    authorize('s3:ListBucket', bucket.arn);
    throw new AwsError(
      versionId === undefined ? 'NoSuchKey' : 'NoSuchVersion',
      'The specified key does not exist.',
      { status: 404 },
    );
  }
  throughS3(request, bucket, key, ['kms:Decrypt']);
  return {
    headers: {
      ETag: etag(found.body),
      'x-amz-version-id': found.versionId,
      'Last-Modified': new Date(found.modified).toUTCString(),
      'Content-Type': 'application/octet-stream',
      ...(headers.get('x-amz-checksum-mode') === 'ENABLED' ? found.headers : {}),
      ...(method === 'HEAD' ? { 'Content-Length': String(found.body.length) } : {}),
    },
    body: method === 'HEAD' ? '' : found.body,
  };
}

/** What S3 asks of the bucket's key on behalf of a caller. */
export function throughS3(
  { on, caller, region }: Pick<Request, 'on' | 'caller' | 'region'>,
  bucket: Thing,
  key: string,
  actions: readonly string[],
): void {
  const [rule] = listAt(bucket.properties, 'BucketEncryption.ServerSideEncryptionConfiguration');
  const resource = textAt(rule, 'ServerSideEncryptionByDefault.KMSMasterKeyID');
  if (resource?.startsWith('arn:') !== true) return;
  const bucketKey =
    textAt(rule, 'BucketKeyEnabled') ?? String((rule as { BucketKeyEnabled?: unknown }).BucketKeyEnabled);
  const context = {
    'kms:ViaService': `s3.${region}.${on.account.world.suffix}`,
    'kms:EncryptionContext:aws:s3:arn': bucketKey === 'true' ? bucket.arn : `${bucket.arn}/${key}`,
    'kms:EncryptionContextKeys': ['aws:s3:arn'],
    'aws:ViaAWSService': 'true',
    'aws:CalledVia': ['s3.amazonaws.com'],
  };
  for (const action of actions) {
    on.account.authorize({ principal: caller.principal, context: {} }, { action, resource, region, context });
  }
}

function etag(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}

function xml(name: string, value: Xml): Response {
  return { headers: { 'Content-Type': 'application/xml' }, body: element(name, value, null) };
}
