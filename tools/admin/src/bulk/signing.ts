// SPDX-License-Identifier: Apache-2.0
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { SignatureV4 } from '@smithy/signature-v4';
import { AdminError, UsageError } from '../errors.ts';
import type { Signer } from './http.ts';

const STS_MS = 10_000;
/** Hosts of API Gateway name their Region, with a VPC endpoint's name or without (API Gateway Developer Guide, "Invoke a private API"). */
const REGION_OF_HOST = /\.execute-api\.([a-z]{2}(?:-[a-z]+)+-[0-9])\.(?:vpce\.)?amazonaws\.com(?:\.cn)?$/;

/**
 * Signs requests for API Gateway (IAM User Guide, "AWS Signature Version 4") with the credentials that the AWS SDK finds: environment,
 * profile, role of the instance. STS is asked once whose they are: what makes a repeat safe is kept for each caller.
 * @throws {UsageError} no Region @throws {AdminError} `credentials_unusable`
 */
export async function openSigner(url: URL, env: NodeJS.ProcessEnv): Promise<Signer> {
  const region = REGION_OF_HOST.exec(url.hostname)?.[1] ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  if (region === undefined || region === '')
    throw new UsageError('--sign: the host does not name its Region, so AWS_REGION has to');
  const sts = new STSClient({
    region,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: STS_MS,
      requestTimeout: STS_MS,
      throwOnRequestTimeout: true,
    }),
  });
  try {
    const { Arn: arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
    const { credentials, sha256 } = sts.config;
    const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256 });
    return { caller: withoutSession(arn), sign: (request) => signed(signer, request) };
  } catch (error) {
    throw unusable('STS does not say whose AWS credentials these are', error);
  } finally {
    sts.destroy();
  }
}

async function signed(
  signer: SignatureV4,
  { method, url, headers, body }: Parameters<Signer['sign']>[0],
): ReturnType<Signer['sign']> {
  try {
    const request = await signer.sign({
      protocol: url.protocol,
      hostname: url.hostname,
      method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...headers, host: url.host },
      ...(body !== undefined && { body }),
    });
    return request.headers;
  } catch (error) {
    throw unusable('there are no AWS credentials any more', error);
  }
}

/** A session is one of a role's many, and the next one goes on with the job: the vault takes them for one caller as well. */
const withoutSession = (arn: string): string => arn.replace(/(:assumed-role\/[^/]+)\/.*$/, '$1');

/** The name of the error alone: its text may hold what was sent. */
const unusable = (what: string, error: unknown): AdminError =>
  new AdminError('credentials_unusable', `${what}: ${error instanceof Error ? error.name : 'error'}`);
