// SPDX-License-Identifier: Apache-2.0

/**
 * What the API must know to call the parent. The bodies are those of @enclave-vault/protocol, sealed between
 * API and enclave; the parent's own errors are JSON {"code"}, an enclave's are CBOR.
 */

/** Request header: until when an answer is of use, in milliseconds since the epoch. */
export const DEADLINE_HEADER = 'x-deadline-ms';

/** Answer header: which enclave answered. Request header: only that enclave may get the request. */
export const ENCLAVE_HEADER = 'x-enclave-id';

/** The parent answers within this time, in milliseconds, whatever the caller's deadline. */
export const PARENT_TIMEOUT_MS = 7_000;
