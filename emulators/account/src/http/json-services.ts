// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { presentPolicy } from '../documents.ts';
import { AwsError } from '../errors.ts';
import { findKey, putKeyPolicy } from '../handlers/kms.ts';
import { type Json, textAt } from '../json.ts';
import type { Thing } from '../world.ts';
import { type Endpoint, jsonOf, type Request, type Response } from './endpoint.ts';

type Operation = (input: Readonly<Record<string, unknown>>, request: Request) => object;

/** A service of JSON 1.0 or 1.1, whose operations the header X-Amz-Target names. */
function jsonService(operations: Readonly<Record<string, Operation>>): Endpoint {
  return {
    protocol: 'json',
    handle(request): Response {
      const target = request.headers.get('x-amz-target') ?? '';
      const operation = operations[target.slice(target.lastIndexOf('.') + 1)];
      if (operation === undefined)
        throw new AwsError('UnknownOperationException', `${target} is not known here`);
      return { body: JSON.stringify(operation(jsonOf(request), request)) };
    },
  };
}

const pairs = new WeakMap<Thing, { readonly publicKey: KeyObject }>();

function keyOf(
  input: Readonly<Record<string, unknown>>,
  { on, region, authorize }: Request,
  action: string,
): Thing {
  const name = String(input.KeyId);
  const key = findKey(on.account.world, region, name);
  if (key === undefined) throw new AwsError('NotFoundException', `Key '${name}' does not exist`);
  authorize(action, key.arn);
  return key;
}

/** What is read of keys, and their policies put by hand. Working with one is emulators/kms's. */
export const KMS = jsonService({
  DescribeKey: (input, request) => {
    const { id, arn, properties, deletionAt } = keyOf(input, request, 'kms:DescribeKey');
    return {
      KeyMetadata: {
        KeyId: id,
        Arn: arn,
        AWSAccountId: request.on.account.world.account,
        Enabled: deletionAt === undefined && properties.Enabled !== false,
        KeyState: deletionAt === undefined ? 'Enabled' : 'PendingDeletion',
        // No template of CloudFormation's makes a key of another origin without saying so.
        Origin: textAt(properties, 'Origin') ?? 'AWS_KMS',
        KeySpec: textAt(properties, 'KeySpec') ?? 'SYMMETRIC_DEFAULT',
        KeyUsage: textAt(properties, 'KeyUsage') ?? 'ENCRYPT_DECRYPT',
        MultiRegion: properties.MultiRegion === true,
        ...(deletionAt === undefined ? {} : { DeletionDate: deletionAt / 1000 }),
      },
    };
  },
  GetKeyPolicy: (input, request) => {
    const { policy } = keyOf(input, request, 'kms:GetKeyPolicy');
    const document = policy === null ? {} : presentPolicy(request.on.account.world, policy);
    return { Policy: JSON.stringify(document), PolicyName: 'default' };
  },
  PutKeyPolicy: (input, request) => {
    const key = keyOf(input, request, 'kms:PutKeyPolicy');
    putKeyPolicy(request.on.account, request.caller, key, JSON.parse(String(input.Policy)) as Json);
    return {};
  },
  GetPublicKey: (input, request) => {
    const key = keyOf(input, request, 'kms:GetPublicKey');
    const spec = textAt(key.properties, 'KeySpec') ?? 'SYMMETRIC_DEFAULT';
    const namedCurve = { ECC_NIST_P256: 'P-256', ECC_NIST_P384: 'P-384' }[spec];
    if (namedCurve === undefined) {
      throw new AwsError(
        'UnsupportedOperationException',
        `${key.arn} key spec is ${spec} which is not valid for GetPublicKey.`,
      );
    }
    const pair = pairs.get(key) ?? generateKeyPairSync('ec', { namedCurve });
    pairs.set(key, pair);
    const der = createPublicKey(pair.publicKey.export({ type: 'spki', format: 'pem' })).export({
      type: 'spki',
      format: 'der',
    });
    return { KeyId: key.arn, KeySpec: spec, KeyUsage: 'SIGN_VERIFY', PublicKey: der.toString('base64') };
  },
});

/** AWS's defaults of what the vault needs (Service Quotas, "Amazon EC2"). */
const DEFAULT_QUOTAS: Readonly<Record<string, number>> = { 'L-1216C47A': 5, 'L-34B43A08': 5 };

export const SERVICE_QUOTAS = jsonService({
  GetServiceQuota: (input, { on, authorize }) => {
    authorize('servicequotas:GetServiceQuota', '*');
    const code = String(input.QuotaCode);
    const value = on.quotas[code];
    if (value === undefined)
      throw new AwsError(
        'NoSuchResourceException',
        'The request failed because the specified resource does not exist.',
      );
    return { Quota: { ServiceCode: input.ServiceCode, QuotaCode: code, Value: value } };
  },
  GetAWSDefaultServiceQuota: (input, { authorize }) => {
    authorize('servicequotas:GetAWSDefaultServiceQuota', '*');
    const code = String(input.QuotaCode);
    return { Quota: { ServiceCode: input.ServiceCode, QuotaCode: code, Value: DEFAULT_QUOTAS[code] ?? 0 } };
  },
});

export const DYNAMODB = jsonService({
  DescribeTable: (input, { on, region, authorize }) => {
    const { world } = on.account;
    const name = String(input.TableName);
    const arn = `arn:${world.partition}:dynamodb:${region}:${world.account}:table/${name}`;
    authorize('dynamodb:DescribeTable', arn);
    const table = world.find('AWS::DynamoDB::GlobalTable', region, name);
    if (table === undefined)
      throw new AwsError(
        'ResourceNotFoundException',
        `Requested resource not found: Table: ${name} not found`,
      );
    return { Table: { TableName: name, TableArn: arn, TableStatus: 'ACTIVE' } };
  },
});

export const LOGS = jsonService({
  DescribeLogGroups: (input, { on, region, authorize }) => {
    const { world } = on.account;
    authorize(
      'logs:DescribeLogGroups',
      `arn:${world.partition}:logs:${region}:${world.account}:log-group::log-stream:`,
    );
    const prefix = String(input.logGroupNamePrefix ?? '');
    const groups = world.all('AWS::Logs::LogGroup', region).filter(({ id }) => id.startsWith(prefix));
    return { logGroups: groups.map(({ id, arn }) => ({ logGroupName: id, arn: `${arn}:*` })) };
  },
});
