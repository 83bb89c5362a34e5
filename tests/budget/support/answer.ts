// SPDX-License-Identifier: Apache-2.0

export const JSON_TYPE = 'application/json';
export const NDJSON = 'application/x-ndjson';

export interface Answer {
  readonly status: number;
  /** Of a stream, its last line. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** What may be in an answer to many items, or in one to a single decryption. */
interface Faults {
  readonly results?: readonly object[];
  readonly done?: { readonly errors: number };
  readonly stopped?: unknown;
  readonly errors?: unknown;
}

export const linesOf = (items: readonly unknown[]): string =>
  items.map((item) => `${JSON.stringify(item)}\n`).join('');

export function readAnswer(status: number, type: unknown, text: string): Answer {
  const json = type === NDJSON ? (text.trimEnd().split('\n').at(-1) ?? '') : text;
  return { status, json: JSON.parse(json) as Answer['json'] };
}

/** Why an answer is not what a route is to be counted by: what fails costs less. */
export function faultOf({ status, json }: Answer): string | undefined {
  if (status >= 300) return `${status} ${String(json.code)}`;
  const { results = [], done = { errors: 0 }, stopped, errors } = json as Faults;
  const failed = results.filter((one) => 'error' in one || 'errors' in one).length + done.errors;
  if (failed > 0) return `${status}, of which ${failed} failed`;
  return stopped === undefined && errors === undefined ? undefined : `${status}, and not with all of it`;
}
