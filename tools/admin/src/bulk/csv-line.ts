// SPDX-License-Identifier: Apache-2.0

/** What a spreadsheet program may take for the beginning of a formula, the wide forms of Japanese ones among it (OWASP, "CSV Injection"). */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
/** A telephone number or another number: no formula, and of no use with a mark before it. */
const NUMBER = /^[+-]?\d+(?:\.\d+)?$/;
const QUOTED = /[",\r\n]|^\s|\s$/;

/**
 * A row of CSV (RFC 4180). Null and what is absent are empty cells; lists and maps are JSON.
 * @param verbatim without it, what could be a formula has an apostrophe before it, as spreadsheet programs mark text: values are what
 *   callers once sent
 */
export function csvLine(cells: readonly unknown[], { verbatim }: { readonly verbatim: boolean }): string {
  return `${cells.map((cell) => quoted(verbatim ? textOf(cell) : harmless(textOf(cell)))).join(',')}\r\n`;
}

function textOf(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  return typeof cell === 'string' ? cell : JSON.stringify(cell);
}

const harmless = (text: string): string => (FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text);

const quoted = (text: string): string => (QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
