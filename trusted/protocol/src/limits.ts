// SPDX-License-Identifier: Apache-2.0

/** Limits of the messages (design, "Limits"). Bytes are bytes of the encoding; text is measured in UTF-8. */
export const MAX_MESSAGE_BYTES = 10 * 1024 * 1024;
/** What KMS Decrypt takes for a CiphertextBlob (API Reference): the refusal of a longer one would look like that of the key. */
export const MAX_WRAPPED_KEY_BYTES = 6 * 1024;
/** Names and values of the sealed fields of one record, together. */
export const MAX_RECORD_BYTES = 350 * 1024;
export const MAX_FIELDS = 100;
export const MAX_KNOWN_FIELDS = 1000;
export const MAX_EXPRESSIONS = 100;
export const MAX_EXPRESSION_BYTES = 10 * 1024;
/** An SPKI of P-521 has 158 bytes; the attestation document allows no more than 1024. */
export const MAX_PUBLIC_KEY_BYTES = 1024;
export const MAX_CONFIGURATION_BYTES = 256 * 1024;
export const MAX_ERROR_ANSWER_BYTES = 128;
export const MAX_USER_DATA_BYTES = 512;
export const REQUEST_ID_BYTES = 16;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
export const DATA_KEY_BYTES = 32;
export const MIN_ATTESTATION_NONCE_BYTES = 16;
export const MAX_ATTESTATION_NONCE_BYTES = 64;
/** A request's time may differ from the reader's clock by this much, either way. */
export const FRESHNESS_MS = 60_000;
