// SPDX-License-Identifier: Apache-2.0
import {
  DEFAULT_KEY_CACHE,
  DEFAULT_RATE,
  type EnclaveConfiguration,
  MAX_MESSAGE_BYTES,
} from '@enclave-vault/protocol';
import type { Call, Clock, Expressions, Kms, Log, Nsm, Reply, Sweep } from '../ports.ts';
import { Admission } from './admission.ts';
import { CallerKey } from './caller-key.ts';
import { Decryptor } from './decrypt.ts';
import { DecryptionRate } from './rate.ts';
import { KmsRecipient } from './recipient.ts';
import { RecordKeys } from './record-keys.ts';
import { RequestKeys } from './request-keys.ts';
import { SeenRequests } from './seen.ts';
import { Unwrapper } from './unwrap.ts';

const RENEW_MS = 60_000;
/** Within this a parent that has the whole body must have sent it: it holds one of few places meanwhile. */
const BODY_MS = 2_000;
/** 4,000 requests a second for as long as an id must be remembered; some 20 MB. */
const SEEN_CAPACITY = 2 ** 18;

/** What a configured enclave is made of, but for what it makes itself. */
export interface ServiceParts {
  readonly configuration: EnclaveConfiguration;
  readonly nsm: Nsm;
  readonly kms: Kms;
  readonly expressions: Expressions;
  readonly clock: Clock;
  readonly log: Log;
  readonly sweep: Sweep;
}

/** A configured enclave. */
export class Service {
  readonly #parts: ServiceParts;
  readonly #admission: Admission;
  readonly #recipient: KmsRecipient;
  readonly #callerKey = new CallerKey();
  readonly #rate: DecryptionRate;
  readonly #requestKeys: RequestKeys;
  readonly #recordKeys: RecordKeys;
  readonly #seen = new SeenRequests(SEEN_CAPACITY);
  readonly #decryptor: Decryptor;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
    const { configuration, nsm, kms, clock, log } = parts;
    this.#admission = new Admission(clock, configuration.limits);
    this.#recipient = new KmsRecipient(nsm, clock);
    this.#rate = new DecryptionRate(configuration.rate ?? DEFAULT_RATE, clock, log);
    const unwrapper = new Unwrapper(kms, this.#recipient, clock);
    this.#requestKeys = new RequestKeys({ ...parts, keyArns: configuration.requestKeyArns, unwrapper });
    const limits = configuration.keyCache ?? DEFAULT_KEY_CACHE;
    this.#recordKeys = new RecordKeys({ limits, unwrapper, clock });
    this.#decryptor = new Decryptor({
      ...parts,
      rate: this.#rate,
      requestKeys: this.#requestKeys,
      recordKeys: this.#recordKeys,
      seen: this.#seen,
    });
  }

  /** Makes the first keys, and from then on renews them and forgets what is past its time. @throws NsmError */
  async start(): Promise<void> {
    await this.#recipient.renew();
    this.#renewLater();
  }

  /** Sealed request in, sealed answer out. @throws Refused, ProtocolError */
  async decrypt(call: Call): Promise<Reply> {
    const body = await this.#admitted(call, (message, until) => this.#decryptor.answer(message, until));
    return { kind: 'bytes', type: 'application/cbor', body };
  }

  /** Nonce in, attestation document of the caller key out. @throws Refused, ProtocolError, NsmError */
  async attest(call: Call): Promise<Reply> {
    const { nsm } = this.#parts;
    const body = await this.#admitted(call, (message) => this.#callerKey.attest(nsm, message));
    return { kind: 'bytes', type: 'application/cose', body };
  }

  health(): Record<string, number> {
    const { running, waiting } = this.#admission;
    const { opened, refused } = this.#rate;
    const sizes = { seen: this.#seen.size, request_keys: this.#requestKeys.size };
    return { running, waiting, ...sizes, opened, refused, ...this.#recordKeys.health() };
  }

  /** Nothing is answered any more: keys that can be zeroed are. */
  close(): void {
    this.#requestKeys.forget();
  }

  /** A place first, then the body: an enclave reads no more at once than it may work on. */
  #admitted(call: Call, work: (message: Buffer, until: number) => Promise<Buffer>): Promise<Buffer> {
    const { requestMs } = this.#parts.configuration.limits;
    const until = this.#parts.clock.now() + requestMs;
    const answer = async (): Promise<Buffer> => work(await call.body(MAX_MESSAGE_BYTES, BODY_MS), until);
    return this.#admission.run(requestMs, answer, call.whenGone);
  }

  #renewLater(): void {
    const { clock, log } = this.#parts;
    clock.after(RENEW_MS, () => {
      this.#seen.forget(clock.now());
      this.#recipient
        .renew()
        // The old key serves on; once KMS refuses its document, requests try for a new one themselves.
        .catch(() => log('recipient_not_renewed'))
        .finally(() => {
          // The old key, and those of records, are nobody's now, and stay in memory until it is swept.
          this.#parts.sweep();
          this.#renewLater();
        });
    });
  }
}
