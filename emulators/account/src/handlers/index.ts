// SPDX-License-Identifier: Apache-2.0
import { NotModelledError } from '../errors.ts';
import { API_GATEWAY_HANDLERS } from './apigateway.ts';
import { CODE_HANDLERS } from './code.ts';
import { DNS_HANDLERS } from './dns.ts';
import { DYNAMODB_HANDLERS } from './dynamodb.ts';
import { EC2_HANDLERS } from './ec2.ts';
import { ELB_HANDLERS } from './elb.ts';
import type { Handler } from './handler.ts';
import { IAM_HANDLERS } from './iam.ts';
import { KMS_HANDLERS } from './kms.ts';
import { LAMBDA_HANDLERS } from './lambda.ts';
import { LOGS_HANDLERS } from './logs.ts';
import { S3_HANDLERS } from './s3.ts';
import { SCALING_HANDLERS } from './scaling.ts';
import { SIGNER_HANDLERS } from './signer.ts';
import { SNS_HANDLERS } from './sns.ts';
import { WAF_HANDLERS } from './waf.ts';
import { WATCH_HANDLERS } from './watch.ts';

/** Every resource type that is modelled. */
export const HANDLERS: ReadonlyMap<string, Handler> = new Map(
  [
    ...API_GATEWAY_HANDLERS,
    ...CODE_HANDLERS,
    ...DNS_HANDLERS,
    ...DYNAMODB_HANDLERS,
    ...EC2_HANDLERS,
    ...ELB_HANDLERS,
    ...IAM_HANDLERS,
    ...KMS_HANDLERS,
    ...LAMBDA_HANDLERS,
    ...LOGS_HANDLERS,
    ...S3_HANDLERS,
    ...SCALING_HANDLERS,
    ...SIGNER_HANDLERS,
    ...SNS_HANDLERS,
    ...WAF_HANDLERS,
    ...WATCH_HANDLERS,
  ].map((handler) => [handler.type, handler]),
);

/** @throws {NotModelledError} */
export function handlerOf(type: string): Handler {
  const handler = HANDLERS.get(type);
  if (handler === undefined) throw new NotModelledError(`${type} has no handler in emulators/account`);
  return handler;
}

/** Every action that CloudFormation may call for a type, whatever its properties. */
export function actionsOf(type: string): readonly string[] {
  const { create, read, update, remove } = handlerOf(type);
  return [...new Set([create, read, update, remove].flat().map(({ action }) => action))].sort();
}
