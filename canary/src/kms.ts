// SPDX-License-Identifier: Apache-2.0
import { Agent } from 'node:https';
import {
  DecryptCommand,
  DescribeKeyCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  KMSClient,
  type KMSClientConfig,
} from '@aws-sdk/client-kms';
import { regionOf } from '@enclave-vault/settings';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { ProbedKeys } from './probes.ts';
import type { Ask } from './run.ts';
import type { CanaryConfig } from './settings.ts';

/** Where KMS is, of whatever settings. */
export interface KmsPlace extends Pick<CanaryConfig, 'kms'> {
  readonly keys: Pick<ProbedKeys, 'vault'>;
  /** A word in the user agent, by which CloudTrail's records can be told. */
  readonly userAgent?: string;
}

/**
 * Asks the KMS of the vault key's Region. One attempt: the next run is a minute away, and a retry would hide that KMS
 * was not there.
 * @param credentials by default the environment's, as Lambda gives them
 */
export function kmsAsk(config: KmsPlace, credentials?: KMSClientConfig['credentials']): Ask {
  const { keys, kms, userAgent } = config;
  const client = new KMSClient({
    region: regionOf(keys.vault),
    maxAttempts: 1,
    useFipsEndpoint: kms.fips,
    ...(userAgent === undefined ? {} : { customUserAgent: userAgent }),
    ...(kms.endpoint === undefined ? {} : { endpoint: kms.endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    requestHandler: new NodeHttpHandler({
      // Lambda freezes it for a minute between runs: what KMS closed meanwhile would be found out by the one attempt.
      httpsAgent: new Agent({ keepAlive: false, ...(kms.ca === undefined ? {} : { ca: kms.ca }) }),
    }),
  });
  return ({ operation, keyId: KeyId, context, ciphertext }, abortSignal) => {
    const dry = { KeyId, DryRun: true, ...(context === undefined ? {} : { EncryptionContext: context }) };
    switch (operation) {
      case 'Decrypt':
        // Without a ciphertext there is nothing to decrypt, so no run could ever bring a plaintext here.
        return client.send(
          new DecryptCommand(
            ciphertext === undefined
              ? { ...dry, DryRunModifiers: ['IGNORE_CIPHERTEXT'] }
              : { ...dry, CiphertextBlob: ciphertext },
          ),
          { abortSignal },
        );
      case 'GenerateDataKey':
        return client.send(new GenerateDataKeyCommand({ ...dry, KeySpec: 'AES_256' }), { abortSignal });
      case 'GenerateDataKeyPairWithoutPlaintext':
        return client.send(
          new GenerateDataKeyPairWithoutPlaintextCommand({ ...dry, KeyPairSpec: 'ECC_NIST_P384' }),
          { abortSignal },
        );
      case 'DescribeKey':
        return client.send(new DescribeKeyCommand({ KeyId }), { abortSignal });
    }
  };
}
