// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import {
  type DecryptAnswer,
  type DecryptErrorCode,
  type DecryptRequest,
  openAnswer,
  ProtocolError,
  parseErrorAnswer,
  REQUEST_ID_BYTES,
  type Refusal,
  sealRequest,
} from '@enclave-vault/protocol';
import type { Core } from '../core.ts';
import { VaultError, type VaultErrorCode } from '../errors.ts';
import type { LeasedKey } from '../keys/request-keys.ts';
import { EnclaveClientError, type EnclaveClientErrorCode } from '../ports/enclave.ts';
import { beforeDeadline } from '../util/deadline.ts';

type Results = Exclude<DecryptAnswer, { readonly error: string }>;

/** The parent's time-out (design, "Limits"), in milliseconds: to wait longer is of no use. */
const PARENT_TIMEOUT_MS = 7_000;
const BUSY_SECONDS = 2;
/** The enclave does not say when it opens records again: tokens come back in a second, a spent hour in minutes. */
const LIMITED_SECONDS = 10;

/**
 * What an enclave's or the parent's refusal is to the caller. KMS denies for one reason only that is not ours to mend:
 * the attestation document is not that of the image its policy names.
 */
const REFUSED: Readonly<Record<Refusal | DecryptErrorCode | EnclaveClientErrorCode, VaultErrorCode>> = {
  busy: 'busy',
  kms_denied: 'enclave_not_trusted',
  not_trusted: 'enclave_not_trusted',
  kms_unavailable: 'kms_unavailable',
  rate_limited: 'decryptions_limited',
  timed_out: 'timed_out',
  expired: 'timed_out',
  record_unreadable: 'record_unreadable',
  unknown_key: 'record_unreadable',
  malformed: 'enclave_unavailable',
  too_large: 'enclave_unavailable',
  repeated: 'enclave_unavailable',
  unauthenticated: 'enclave_unavailable',
  no_configuration: 'enclave_unavailable',
  not_found: 'enclave_unavailable',
  internal: 'enclave_unavailable',
  unavailable: 'enclave_unavailable',
};

/**
 * Has an enclave decrypt. The request is sealed under the request key, and so is a result: only what opens is believed.
 * @param deadline milliseconds since the epoch
 * @throws {VaultError} 503, or `record_unreadable`
 */
export async function askEnclave(
  core: Core,
  request: DecryptRequest,
  deadline: number,
  callId: string,
): Promise<Results> {
  const key = await leaseKey(core, deadline);
  try {
    const time = Math.floor(core.clock.now() / 1000);
    const until = Math.min(deadline, time + PARENT_TIMEOUT_MS);
    if (until <= time) throw new VaultError('timed_out');
    const requestId = randomBytes(REQUEST_ID_BYTES);
    const envelope = sealRequest(key, request, { requestId, time, deadline: until });
    const message = await beforeDeadline(core.clock, until, core.enclave.decrypt(envelope, until));
    const answer = readAnswer(core, key.dataKey, requestId, message, callId);
    if ('error' in answer) throw enclaveRefusal(core, answer.error, callId);
    return answer;
  } catch (error) {
    if (error instanceof EnclaveClientError) throw enclaveRefusal(core, error.code, callId, error.retryAfter);
    throw error;
  } finally {
    key.release();
  }
}

/** A key that comes when nobody waits for it any more is released at once: its user would never be done with it. */
async function leaseKey(core: Core, deadline: number): Promise<LeasedKey> {
  const leasing = core.requestKeys.lease();
  try {
    return await beforeDeadline(core.clock, deadline, leasing);
  } catch (error) {
    leasing.then(
      (late) => late.release(),
      () => undefined,
    );
    throw error;
  }
}

const WAITS: Partial<Record<VaultErrorCode, number>> = {
  busy: BUSY_SECONDS,
  decryptions_limited: LIMITED_SECONDS,
};

/** Reports a refusal to the operator. @returns what it is to the caller */
export function enclaveRefusal(
  core: Core,
  refused: keyof typeof REFUSED,
  requestId: string,
  retryAfter?: number,
): VaultError {
  core.report({ event: 'enclave_refused', code: refused, requestId });
  const code = REFUSED[refused];
  const seconds = retryAfter ?? WAITS[code];
  return new VaultError(code, seconds === undefined ? {} : { retryAfter: seconds });
}

function readAnswer(
  core: Core,
  dataKey: Uint8Array,
  requestId: Uint8Array,
  message: Uint8Array,
  callId: string,
): DecryptAnswer {
  try {
    return openAnswer(dataKey, requestId, message);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    if (error.code === 'malformed') throw enclaveRefusal(core, readRefusal(message), callId);
    core.report({ event: 'enclave_answer_invalid', code: error.code, requestId: callId });
    throw new VaultError('enclave_unavailable');
  }
}

/** What is not a sealed answer may be a plaintext refusal: unauthenticated, so good for nothing but a retry. */
function readRefusal(message: Uint8Array): Refusal {
  try {
    return parseErrorAnswer(message);
  } catch {
    return 'malformed';
  }
}
