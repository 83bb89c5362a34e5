// SPDX-License-Identifier: Apache-2.0
import { Agent } from 'node:https';
import { KMSClient } from '@aws-sdk/client-kms';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { RoleCredentials } from '../../tools/admin/src/dev/credentials.ts';
import { LOCAL } from '../../tools/admin/src/dev/deployment.ts';

export interface KmsAccess {
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  readonly credentials: RoleCredentials;
  /** ms by which KMS's clock is ahead of ours. */
  readonly ahead?: number;
}

/** The AWS SDK's client of an emulated KMS. */
export function kmsClient({ port, ca, credentials, ahead = 0 }: KmsAccess): KMSClient {
  return new KMSClient({
    region: LOCAL.region,
    endpoint: `https://127.0.0.1:${port}`,
    credentials: { ...credentials },
    maxAttempts: 1,
    systemClockOffset: ahead,
    requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca, keepAlive: true }) }),
  });
}

export interface Outcome {
  /** The AWS error's name, or `answered`. */
  readonly name: string;
  readonly message: string;
  /** Under which KMS logged a refusal. */
  readonly requestId: string;
}

/** How a call ended. */
export async function outcome(call: Promise<unknown>): Promise<Outcome> {
  try {
    await call;
    return { name: 'answered', message: '', requestId: '' };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const metadata = '$metadata' in error ? (error.$metadata as { requestId?: string }) : {};
    return { name: error.name, message: error.message, requestId: metadata.requestId ?? '' };
  }
}

/** An enclave's document, as a call has it. */
export function recipient(document: Uint8Array) {
  return { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256' as const, AttestationDocument: document };
}
