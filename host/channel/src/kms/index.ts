// SPDX-License-Identifier: Apache-2.0
import { Agent } from 'node:https';
import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { ChannelError } from '../errors.ts';
import type { SignDigest } from '../leaf.ts';

export interface KmsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When they end; a provider is asked again before. */
  readonly expiration?: Date;
}

export interface KmsSignerOptions {
  /** ARN of a key of spec ECC_NIST_P384 for SIGN_VERIFY. */
  readonly keyArn: string;
  readonly region: string;
  /** URL; the Region's own endpoint by default. */
  readonly endpoint?: string;
  /** The Region's FIPS endpoint; not together with `endpoint`. */
  readonly fips?: boolean;
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string;
  /** The SDK's default chain (environment, role of the function, …) when absent. */
  readonly credentials?: KmsCredentials | (() => Promise<KmsCredentials>);
  /** For one attempt, in milliseconds. Three attempts at most. Default 2 s. */
  readonly timeoutMs?: number;
}

/** A KMS key that signs certificates of one side. Methods throw ChannelError `kms_denied` or `kms_unavailable`. */
export interface KmsSigner {
  readonly sign: SignDigest;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: () => Promise<Uint8Array>;
  readonly close: () => void;
}

const CONNECT_MS = 1_000;
const TIMEOUT_MS = 2_000;
const ATTEMPTS = 3;

/** The channel's KMS calls on the AWS SDK. Only a digest goes to KMS, and only a signature comes back. */
export function createKmsSigner(options: KmsSignerOptions): KmsSigner {
  const client = createClient(options);
  const KeyId = options.keyArn;
  return {
    async sign(digest) {
      const { Signature } = await attempt('Sign', () =>
        client.send(
          new SignCommand({
            KeyId,
            Message: digest,
            MessageType: 'DIGEST',
            SigningAlgorithm: 'ECDSA_SHA_384',
          }),
        ),
      );
      if (Signature === undefined) throw new ChannelError('kms_unavailable', 'Sign: unexpected answer');
      return Signature;
    },
    async publicKey() {
      const { PublicKey } = await attempt('GetPublicKey', () =>
        client.send(new GetPublicKeyCommand({ KeyId })),
      );
      if (PublicKey === undefined) {
        throw new ChannelError('kms_unavailable', 'GetPublicKey: unexpected answer');
      }
      return PublicKey;
    },
    close: () => client.destroy(),
  };
}

function createClient(options: KmsSignerOptions): KMSClient {
  const { region, endpoint, fips = false, ca, credentials, timeoutMs = TIMEOUT_MS } = options;
  return new KMSClient({
    region,
    // The user's own AWS settings would add these to any endpoint; with one of ours they are an error.
    useDualstackEndpoint: false,
    useFipsEndpoint: endpoint === undefined && fips,
    ...(endpoint === undefined ? {} : { endpoint }),
    // A copy: the SDK adds a member of its own.
    ...(credentials === undefined
      ? {}
      : { credentials: typeof credentials === 'function' ? credentials : { ...credentials } }),
    maxAttempts: ATTEMPTS,
    retryMode: 'standard',
    requestHandler: new NodeHttpHandler({
      httpsAgent: new Agent({ keepAlive: false, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) }),
      connectionTimeout: CONNECT_MS,
      requestTimeout: timeoutMs,
      // Without this the handler only warns, and waits on.
      throwOnRequestTimeout: true,
    }),
  });
}

/** Of the errors that KMS blames on the caller, those that may pass. */
const PASSING =
  /Throttl|TooManyRequests|RequestLimitExceeded|LimitExceeded|KMSInternal|DependencyTimeout|RequestTimeout/;

async function attempt<T>(operation: string, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown';
    const blamed = error instanceof Error && '$fault' in error && error.$fault === 'client';
    const denied = (blamed && !PASSING.test(name)) || name === 'CredentialsProviderError';
    // The SDK's own message may hold more than a log should.
    const shown = /^\w{1,64}$/.test(name) ? name : 'unknown';
    throw new ChannelError(denied ? 'kms_denied' : 'kms_unavailable', `${operation}: ${shown}`);
  }
}
