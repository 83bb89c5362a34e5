// SPDX-License-Identifier: Apache-2.0

/** What proves a mitigation: a test of `npm test`, rows of the matrix of policies, or a line of a heavy suite. */
export type Check =
  | { readonly kind: 'test'; readonly path: string; readonly title: string }
  | { readonly kind: 'cell'; readonly id: string }
  | { readonly kind: 'suite'; readonly name: string; readonly title: string };

const TEST = /^test:([\w.-]+(?:\/[\w.-]+)+\.ts) › (\S.*)$/;
const CELL = /^cell:([a-z][a-z0-9-]*)$/;
const SUITE = /^suite:([a-z][a-z0-9-]*) › (\S.*)$/;

/** `test:PATH › TITLE`, `cell:ID` or `suite:NAME › TITLE`. */
export function parseCheck(text: string): Check | undefined {
  const test = TEST.exec(text);
  if (test !== null) return { kind: 'test', path: test[1] ?? '', title: test[2] ?? '' };
  const cell = CELL.exec(text);
  if (cell !== null) return { kind: 'cell', id: cell[1] ?? '' };
  const suite = SUITE.exec(text);
  return suite === null ? undefined : { kind: 'suite', name: suite[1] ?? '', title: suite[2] ?? '' };
}

/** Title that stands for a whole suite, by its count of what passed and failed. */
export const WHOLE = '*';

/** The test that asks every row of the matrix of policies: a row holds when it passed. */
export const MATRIX = {
  kind: 'test',
  path: 'infra/test/proofs/proofs.test.ts',
  title: 'answers every request as expected: %s',
} as const;
/** Where the rows are. */
export const CELLS = 'infra/test/proofs/cells.ts';

/** Ids of the rows of a matrix: what ends a row as `#id`. Rows of one id are one check. */
export function cellIds(source: string): ReadonlySet<string> {
  return new Set([...source.matchAll(/^.* \| .* #([a-z][a-z0-9-]*)$/gm)].map(([, id = '']) => id));
}
