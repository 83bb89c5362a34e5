// SPDX-License-Identifier: Apache-2.0

/** Why a connection did not come about, in words that stay the same when OpenSSL's or Node's change. */
export type Refusal =
  | 'no_certificate'
  | 'untrusted'
  | 'expired'
  | 'not_yet_valid'
  | 'wrong_purpose'
  | 'wrong_name'
  | 'wrong_lifetime'
  | 'protocol'
  | 'timeout'
  /** We have no certificate to show. */
  | 'no_identity'
  | 'gone'
  | 'other';

const REFUSALS: Readonly<Record<string, Refusal>> = {
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'no_certificate',
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'not_yet_valid',
  INVALID_PURPOSE: 'wrong_purpose',
  wrong_purpose: 'wrong_purpose',
  wrong_name: 'wrong_name',
  wrong_lifetime: 'wrong_lifetime',
  // Verification results that Node has no word for: names that the root does not permit, a leaf that vouches, …
  UNSPECIFIED: 'untrusted',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'timeout',
  timeout: 'timeout',
  kms_denied: 'no_identity',
  kms_unavailable: 'no_identity',
  root_mismatch: 'no_identity',
  closed: 'no_identity',
  ECONNRESET: 'gone',
  ECONNREFUSED: 'gone',
  EPIPE: 'gone',
};

/** Verification results of OpenSSL that mean: not below a root of ours. */
const UNTRUSTED = /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|INVALID_CA|PATH_LENGTH|AKID_|SUBJECT_ISSUER)/;

/** @param code of an error of TLS, a verification result, or an error of ours */
export function refusalOf(code: unknown): Refusal {
  if (typeof code !== 'string') return 'other';
  const known = REFUSALS[code];
  if (known !== undefined) return known;
  if (UNTRUSTED.test(code)) return 'untrusted';
  return code.startsWith('ERR_SSL_') ? 'protocol' : 'other';
}
