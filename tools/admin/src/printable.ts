// SPDX-License-Identifier: Apache-2.0

/** As much of a name as a line has room for. */
const MAX_SHOWN = 200;

/**
 * A text that came from a store, for a terminal: what is no printable ASCII is written as `\u{…}`. Whoever writes the store chooses
 * it, and could hide, overwrite or add lines by line ends, escape sequences and marks of direction.
 */
export function printable(text: string): string {
  const shown = text.replace(/[^\x20-\x7e]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
  return shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown;
}
