// SPDX-License-Identifier: Apache-2.0

/** Bytes of a value's JSON text in UTF-8. */
export const MAX_VALUE_BYTES = 64 * 1024;

/** Fields sealed in one write, and fields opened in one call. */
export const MAX_FIELDS = 100;
