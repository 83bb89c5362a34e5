// SPDX-License-Identifier: Apache-2.0
import { KmsError } from '../../errors.ts';

/** What AWS calls a signature that it does not accept: one that is wrong, and one that is of another time. */
const SIGNATURE = ['InvalidSignatureException', 'SignatureDoesNotMatch'];
/** Names that can mean nothing else than time. */
const TIME = ['RequestExpired', 'RequestTimeTooSkewed', 'RequestInTheFuture'];
/** Certificates that are of another time than ours; theirs is wrong less often than an enclave's clock. */
const CERTIFICATE = ['certificate_not_yet_valid', 'certificate_expired'];
/** AWS accepts signatures of five minutes before and after (AWS General Reference, "Elements of an AWS API request signature"). */
const TOLERATED_MS = 4 * 60_000;

export interface ClockError {
  readonly error: KmsError;
  /** For the log. `seconds`: how much KMS's clock is ahead of ours, where it said. */
  readonly details: Readonly<Record<string, string | number>>;
}

/**
 * Whether an error of a call to KMS comes of a clock. A signature that is refused says so by KMS's Date, which came over the authenticated connection.
 * @param date of the answer, ms since the epoch
 * @returns null: it does not, or nothing tells
 */
export function clockError({ detail }: KmsError, date: number | null, now: number): ClockError | null {
  const skewed = date !== null && Math.abs(date - now) > TOLERATED_MS;
  const ours =
    CERTIFICATE.includes(detail) || TIME.includes(detail) || (SIGNATURE.includes(detail) && skewed);
  if (!ours) return null;
  const seconds = date === null ? {} : { seconds: Math.round((date - now) / 1000) };
  return { error: new KmsError('unavailable', 'clock_skew'), details: { detail, ...seconds } };
}
