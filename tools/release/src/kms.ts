// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey } from 'node:crypto';
import { GetPublicKeyCommand, KMSClient, type KMSClientConfig, SignCommand } from '@aws-sdk/client-kms';
import type { EnvelopeSigner } from '@enclave-vault/eif';
import { ReleaseToolError } from './errors.ts';

/** Bytes of r and of s on P-384. */
const HALF = 48;

/**
 * A key of KMS (ECC_NIST_P384, SIGN_VERIFY). Only a digest goes to KMS: its key policy may refuse everything else.
 * @param config for tests: where KMS is; Region and credentials are the ARN's and the environment's by default
 * @throws {ReleaseToolError} `kms_failed`
 */
export async function kmsSigner(arn: string, config: KMSClientConfig = {}): Promise<EnvelopeSigner> {
  const [, , service, region] = arn.split(':');
  if (service !== 'kms' || region === undefined || region === '') {
    throw new ReleaseToolError('key_unreadable', `${arn} is no key of KMS`);
  }
  const client = new KMSClient({ region, ...config });
  const { PublicKey, KeySpec } = await attempt(() => client.send(new GetPublicKeyCommand({ KeyId: arn })));
  if (PublicKey === undefined || KeySpec !== 'ECC_NIST_P384') {
    throw new ReleaseToolError('key_unreadable', `${arn} is not on P-384`);
  }
  return {
    publicKey: createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' }),
    sign: async (message) => {
      const { Signature } = await attempt(() =>
        client.send(
          new SignCommand({
            KeyId: arn,
            Message: createHash('sha384').update(message).digest(),
            MessageType: 'DIGEST',
            SigningAlgorithm: 'ECDSA_SHA_384',
          }),
        ),
      );
      return rawSignature(Buffer.from(Signature ?? []));
    },
  };
}

/**
 * r || s of an ECDSA signature as KMS gives it: DER of SEQUENCE { INTEGER r, INTEGER s } (RFC 3279, section 2.2.3).
 * @throws {ReleaseToolError} `kms_failed` for anything but the one encoding of two positive numbers of at most 48 bytes
 */
export function rawSignature(der: Buffer): Buffer {
  // At most 2 * (2 + 49) bytes: every length is in the short form.
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length < 8) throw malformed();
  const [r, afterR] = integerAt(der, 2);
  const [s, end] = integerAt(der, afterR);
  if (end !== der.length) throw malformed();
  return Buffer.concat([r, s]);
}

function integerAt(der: Buffer, at: number): readonly [number: Buffer, end: number] {
  const length = der[at + 1] ?? 0;
  const end = at + 2 + length;
  const value = der.subarray(at + 2, end);
  const [first = 0x80, second = 0] = value;
  // X.690, 8.3.2: no zero in front but one that keeps the number positive.
  const minimal = first !== 0 || (value.length > 1 && second >= 0x80);
  const bytes = first === 0 ? value.subarray(1) : value;
  if (der[at] !== 0x02 || value.length !== length || first >= 0x80 || !minimal || bytes.length > HALF) {
    throw malformed();
  }
  return [Buffer.concat([Buffer.alloc(HALF - bytes.length), bytes]), end];
}

const malformed = (): ReleaseToolError =>
  new ReleaseToolError('kms_failed', 'KMS answered with no signature of P-384');

async function attempt<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    const why = cause instanceof Error ? cause.name : 'unknown';
    throw new ReleaseToolError('kms_failed', `KMS did not answer as hoped: ${why}`, { cause });
  }
}
