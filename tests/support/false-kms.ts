// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer, request, type Server } from 'node:https';
import { unsafeParseAttestation } from '@enclave-vault/attestation';
import { issueCertificate } from '@enclave-vault/emulator-pki';
import { KMS_HOST } from '../../tools/admin/src/dev/deployment.ts';

/** A Decrypt that an enclave sent, signed with its parent's credentials. */
export interface DecryptCall {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly ciphertext: Buffer;
  readonly keyId: string;
  /** The attestation document, and the RSA key in it: DER SubjectPublicKeyInfo. */
  readonly document: Buffer;
  readonly publicKey: Buffer;
}

export interface KmsReply {
  readonly status: number;
  readonly body: Buffer;
}

/** A certificate authority, with its private key: the attacker's own, or one that he stole. */
export interface StolenAuthority {
  /** PEM. */
  readonly certificate: string;
  readonly key: KeyObject;
}

const DAY_MS = 86_400_000;

export function ownAuthority(): StolenAuthority {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const { pem } = issueCertificate({
    subject: 'Attacker',
    key,
    ca: true,
    keyUsage: ['keyCertSign'],
    notBefore: Date.now() - DAY_MS,
    notAfter: Date.now() + DAY_MS,
  });
  return { certificate: pem, key };
}

/** A server in the place of KMS with a certificate of that authority: reads what the enclave asks, and answers as it likes. */
export class FalseKms {
  readonly server: Server;
  readonly calls: DecryptCall[] = [];

  constructor(authority: StolenAuthority, answer: (call: DecryptCall) => Promise<KmsReply>) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { pem } = issueCertificate({
      subject: KMS_HOST,
      issuer: authority,
      key: privateKey,
      ca: false,
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['serverAuth'],
      san: { dns: [KMS_HOST] },
      notBefore: Date.now() - DAY_MS,
      notAfter: Date.now() + DAY_MS,
    });
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
    this.server = createServer({ cert: pem + authority.certificate, key }, async (asked, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of asked as AsyncIterable<Buffer>) chunks.push(chunk);
      const call = read(asked.headers, Buffer.concat(chunks));
      this.calls.push(call);
      const { status, body } = await answer(call);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(body);
    });
  }
}

function read(headers: IncomingHttpHeaders, body: Buffer): DecryptCall {
  const { CiphertextBlob, KeyId, Recipient } = JSON.parse(body.toString('utf8')) as {
    CiphertextBlob: string;
    KeyId: string;
    Recipient: { AttestationDocument: string };
  };
  const document = Buffer.from(Recipient.AttestationDocument, 'base64');
  const publicKey = Buffer.from(unsafeParseAttestation(document).claims.publicKey ?? []);
  return {
    headers,
    body,
    ciphertext: Buffer.from(CiphertextBlob, 'base64'),
    keyId: KeyId,
    document,
    publicKey,
  };
}

/** Passes a call on to the true KMS, as it is: its signature stays good. */
export function passOn(call: DecryptCall, port: number, ca: string): Promise<KmsReply> {
  return new Promise((resolve, reject) => {
    const { connection: _, ...headers } = call.headers;
    request(
      {
        host: '127.0.0.1',
        port,
        ca,
        servername: 'localhost',
        method: 'POST',
        path: '/',
        headers,
        setHost: false,
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks) }));
      },
    )
      .on('error', reject)
      .end(call.body);
  });
}
