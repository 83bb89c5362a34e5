// SPDX-License-Identifier: Apache-2.0
import type { JWTVerifyGetKey } from 'jose';
import { type AuthorizerAnswer, letIn, readMethodArn } from './answer.ts';
import { AuthorizerError } from './errors.ts';
import { type AuthorizerSettings, DEFAULT_NAMESPACE } from './settings.ts';
import { verifyToken } from './verify.ts';

/** What Lambda says of an invocation, as far as it is used. */
export interface AuthorizerContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  /** `arn:aws:lambda:eu-central-1:111122223333:function:vault-authorizer:live` */
  readonly invokedFunctionArn: string;
}

export type AuthorizerHandler = (event: unknown, context: AuthorizerContext) => Promise<AuthorizerAnswer>;

/** Takes a line of the log. */
export type WriteLine = (line: Readonly<Record<string, unknown>>) => void;

/**
 * API Gateway answers 401 to an error of exactly this message, and 500 to every other ("API Gateway Lambda authorizers").
 * Both refuse.
 */
const UNAUTHORIZED = 'Unauthorized';

/** Answers events of a TOKEN authorizer. No line holds a token, or anything of one that was refused. */
export function createHandler(
  settings: AuthorizerSettings,
  keys: JWTVerifyGetKey,
  write: WriteLine,
): AuthorizerHandler {
  return async (event, context) => {
    try {
      const { token, method } = readEvent(event, context);
      const payload = await verifyToken(token, settings, keys);
      return letIn(payload, settings.claims, readMethodArn(method));
    } catch (error) {
      const { code, reason } = told(error);
      const unavailable = code !== 'token_refused' && code !== 'claim_unreadable';
      write({
        timestamp: new Date().toISOString(),
        level: unavailable ? 'ERROR' : 'WARN',
        process: 'enclave-vault-authorizer',
        event: code,
        reason,
        function_request_id: context.awsRequestId,
      });
      if (!unavailable) throw new Error(UNAUTHORIZED);
      write(figure(settings.metricsNamespace, context.functionName));
      throw new Error(code);
    }
  };
}

/**
 * Refuses everybody: a function that cannot read its settings says so, and does not die of it. The figure's namespace is one of
 * the settings, so the function's name has to tell it, which a deployment begins with the same word.
 */
export function createRefusingHandler(write: WriteLine): AuthorizerHandler {
  return async (_event, { functionName }) => {
    const [, deployment] = /^(.+)-authorizer$/.exec(functionName) ?? [];
    write(figure(deployment ?? DEFAULT_NAMESPACE, functionName));
    throw new Error('misconfigured');
  };
}

function readEvent(
  event: unknown,
  { invokedFunctionArn }: AuthorizerContext,
): { token: string; method: string } {
  const { type, authorizationToken, methodArn } = Object(event) as Readonly<Record<string, unknown>>;
  if (type !== 'TOKEN' || typeof methodArn !== 'string') throw new AuthorizerError('event_invalid', 'shape');
  const { region, account } = readMethodArn(methodArn);
  const [, , , ourRegion, ourAccount] = invokedFunctionArn.split(':');
  if (region !== ourRegion || account !== ourAccount)
    throw new AuthorizerError('event_invalid', 'foreign_api');
  return { token: typeof authorizationToken === 'string' ? authorizationToken : '', method: methodArn };
}

function told(error: unknown): { code: string; reason: string } {
  if (error instanceof AuthorizerError) return { code: error.code, reason: error.message };
  return { code: 'program_error', reason: error instanceof Error ? error.name : 'unknown' };
}

/** A line in the embedded metric format (CloudWatch User Guide, "Specification: Embedded metric format"). */
function figure(namespace: string, functionName: string): Readonly<Record<string, unknown>> {
  return {
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: [['FunctionName']],
          Metrics: [{ Name: 'authorizer_unavailable_total', Unit: 'Count' }],
        },
      ],
    },
    FunctionName: functionName,
    authorizer_unavailable_total: 1,
  };
}
