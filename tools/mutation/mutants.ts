// SPDX-License-Identifier: Apache-2.0

/** Of a report in the mutation testing elements' schema, what is read here. */
export interface Report {
  readonly files: Readonly<Record<string, ReportedFile>>;
}

interface ReportedFile {
  readonly source: string;
  readonly mutants: readonly ReportedMutant[];
}

interface ReportedMutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

/** Both from 1. */
interface Position {
  readonly line: number;
  readonly column: number;
}

/** A mutant, named so that it is found again when the lines around it move. */
export interface MutantName {
  /** From the repository's root. */
  readonly file: string;
  /** Stryker's mutator. */
  readonly operator: string;
  /** Source that is replaced, and what replaces it; white space is one space. */
  readonly original: string;
  readonly replacement: string;
  /** The line of source that it begins on, trimmed; left out where it is the original. */
  readonly line?: string;
  /** Which of several with the same text, from 1; left out for the first. */
  readonly nth?: number;
}

export interface Mutant extends MutantName {
  /** Stryker's: Killed, Timeout, Survived, NoCoverage, Ignored, RuntimeError, CompileError. */
  readonly status: string;
  /** Where it begins now, for whoever looks at it. */
  readonly at: number;
}

/** All mutants of a report, in the order of their places. */
export function mutantsOf({ files }: Report): readonly Mutant[] {
  return Object.entries(files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split('\n');
    return mutants
      .toSorted((a, b) => order(a.location.start, b.location.start))
      .map((mutant) => named(file, lines, mutant));
  });
}

/** One string for each mutant's name. */
export function keyOf({ file, operator, original, replacement, line, nth }: MutantName): string {
  return JSON.stringify([file, operator, original, replacement, line ?? original, nth ?? 1]);
}

function named(file: string, lines: readonly string[], mutant: ReportedMutant): Mutant {
  const { location, mutatorName, replacement = '', status } = mutant;
  const { start, end } = location;
  const text = cut(lines, start, end);
  const original = oneSpaced(text);
  const line = lineAt(lines, start);
  const nth = occurrence(lines, start, text.split('\n')[0] ?? '');
  return {
    file,
    operator: mutatorName,
    original,
    replacement: oneSpaced(replacement),
    ...(line === original ? {} : { line }),
    ...(nth === 1 ? {} : { nth }),
    status,
    at: start.line,
  };
}

function cut(lines: readonly string[], start: Position, end: Position): string {
  const whole = lines.slice(start.line - 1, end.line);
  const last = whole.length - 1;
  return whole
    .map((text, index) =>
      text.slice(index === 0 ? start.column - 1 : 0, index === last ? end.column - 1 : undefined),
    )
    .join('\n');
}

/** Which place this is, from 1, among those where the same text stands on a line that reads the same. */
function occurrence(lines: readonly string[], start: Position, text: string): number {
  const line = lineAt(lines, start);
  const places = lines.slice(0, start.line).flatMap((candidate, index) => {
    if (candidate.trim() !== line) return [];
    const until = index === start.line - 1 ? start.column - 1 : Number.POSITIVE_INFINITY;
    return columnsOf(candidate, text).filter((column) => column <= until);
  });
  return places.length;
}

function columnsOf(line: string, text: string): readonly number[] {
  const found: number[] = [];
  // Where a file has changed since, Stryker keeps mutants of a part that it left out at places that are none.
  if (text === '') return found;
  for (let at = line.indexOf(text); at >= 0; at = line.indexOf(text, at + 1)) found.push(at);
  return found;
}

const lineAt = (lines: readonly string[], { line }: Position): string => (lines[line - 1] ?? '').trim();
const oneSpaced = (text: string): string => text.replace(/\s+/g, ' ').trim();
const order = (a: Position, b: Position): number => a.line - b.line || a.column - b.column;
