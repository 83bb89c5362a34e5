// SPDX-License-Identifier: Apache-2.0
import type { EnclaveConfiguration } from '@enclave-vault/protocol';
import { KmsError } from '../../errors.ts';
import type { Clock, Dial, Kms, KmsDecrypt, Log } from '../../ports.ts';
import { readDecryptAnswer, readErrorAnswer } from './answer.ts';
import { clockError } from './clock-error.ts';
import { type ExchangeAnswer, type ExchangeRequest, exchange } from './exchange.ts';
import { openForRecipient } from './open-recipient.ts';
import { sign } from './sigv4.ts';
import { TlsAgent } from './tls-agent.ts';

const CONNECT_MS = 2_000;
const IDLE_MS = 30_000;

/**
 * The one call of AWS KMS that an enclave makes: Decrypt with a Recipient, so that the answer is for this enclave alone
 * (AWS KMS API Reference, "Decrypt"; JSON 1.1 protocol). A client of our own, as the SDK's would bring 32,000 lines into the
 * trusted base; tests hold its signatures against the SDK's.
 */
export class KmsClient implements Kms {
  readonly #configuration: EnclaveConfiguration;
  readonly #agent: TlsAgent;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(configuration: EnclaveConfiguration, dial: Dial, clock: Clock, log: Log) {
    this.#configuration = configuration;
    this.#clock = clock;
    this.#log = log;
    this.#agent = new TlsAgent({
      dial,
      servername: configuration.kmsHost,
      roots: configuration.tlsRoots,
      maxSockets: configuration.limits.running,
      connectMs: CONNECT_MS,
      idleMs: IDLE_MS,
    });
  }

  async decrypt(call: KmsDecrypt): Promise<Buffer> {
    const { region, kmsHost, kmsPort } = this.#configuration;
    const body = bodyOf(call);
    const headers = sign(
      {
        region,
        headers: {
          host: kmsPort === 443 ? kmsHost : `${kmsHost}:${kmsPort}`,
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': 'TrentService.Decrypt',
        },
        body,
      },
      call.credentials,
      this.#clock.now(),
    );
    const answer = await this.#exchange({ headers, body, timeoutMs: call.timeoutMs });
    return openForRecipient(call.recipient.privateKey, readDecryptAnswer(answer.body, call.keyArn));
  }

  /** A clock that is wrong looks like many other things: it gets a line of its own in the log. */
  async #exchange(request: ExchangeRequest): Promise<ExchangeAnswer> {
    let date: number | null = null;
    try {
      const answer = await exchange(this.#agent, request);
      if (answer.status === 200) return answer;
      date = answer.date;
      throw readErrorAnswer(answer.status, answer.body);
    } catch (error) {
      const skew = error instanceof KmsError ? clockError(error, date, this.#clock.now()) : null;
      if (skew === null) throw error;
      this.#log('clock_skew', skew.details);
      throw skew.error;
    }
  }
}

function bodyOf({ ciphertext, keyArn, context, recipient }: KmsDecrypt): string {
  return JSON.stringify({
    CiphertextBlob: base64(ciphertext),
    KeyId: keyArn,
    EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    ...(context === null ? {} : { EncryptionContext: context }),
    Recipient: {
      KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
      AttestationDocument: base64(recipient.document),
    },
  });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
