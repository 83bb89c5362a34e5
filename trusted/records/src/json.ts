// SPDX-License-Identifier: Apache-2.0

/** Whether a string is one JSON text (RFC 8259). */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // Node's SyntaxError quotes the text: it must not get further than here.
    return false;
  }
}
