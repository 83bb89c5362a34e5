// SPDX-License-Identifier: Apache-2.0
import { DeployError } from '../errors.ts';
import type { Functions, Keys } from '../ports.ts';
import { clientConfig } from './clients.ts';
import { call } from './errors.ts';

export function awsFunctions(region: string): Functions {
  return {
    invoke: async (name, payload) => {
      const { LambdaClient, InvokeCommand } = await import('@aws-sdk/client-lambda');
      const { Payload, FunctionError } = await call('Invoke', () =>
        new LambdaClient(clientConfig(region)).send(
          new InvokeCommand({
            FunctionName: name,
            InvocationType: 'RequestResponse',
            Payload: Buffer.from(JSON.stringify(payload)),
          }),
        ),
      );
      return { failed: FunctionError !== undefined, answer: parse(name, Payload) };
    },
  };
}

function parse(name: string, payload: Uint8Array | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(payload ?? []).toString('utf8')) as unknown;
  } catch {
    throw new DeployError('service_failed', `${name} did not answer with JSON`);
  }
}

export function awsKeys(region: string): Keys {
  return {
    publicKey: async (KeyId) => {
      const { KMSClient, GetPublicKeyCommand } = await import('@aws-sdk/client-kms');
      const { PublicKey } = await call('GetPublicKey', () =>
        new KMSClient(clientConfig(region)).send(new GetPublicKeyCommand({ KeyId })),
      );
      if (PublicKey === undefined) throw new DeployError('service_failed', 'KMS gave no public key');
      return PublicKey;
    },
  };
}
