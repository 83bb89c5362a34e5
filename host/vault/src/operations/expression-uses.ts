// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type References, references } from '@enclave-vault/expressions/references';
import type { NameErrorCode } from '@enclave-vault/protocol';

/** Why an expression is not sent to the enclave: it would say the same. */
export type ParseFailure = Extract<NameErrorCode, 'expression_invalid' | 'expression_budget_exceeded'>;

/** What is known of expressions before they are evaluated, by their source. */
export interface ParsedSources {
  readonly uses: ReadonlyMap<string, References>;
  readonly failed: ReadonlyMap<string, ParseFailure>;
}

/** Time for parsing the expressions of one request, in milliseconds: as much as for evaluating them (design, "Limits"). */
const BUDGET_MS = 250;
/** After this much parsing, in milliseconds, other requests get a turn. */
const TURN_MS = 5;

/** Sources come again and again; parsing one takes longer than evaluating it. */
const CACHED = 500;
const cache = new Map<string, References | 'expression_invalid'>();

/** Parsing of all requests together since the others had a turn, in milliseconds. */
let turn = 0;
let others: Promise<void> | undefined;

/** Finds out which fields expressions use, without holding up other requests for long. */
export async function parseSources(sources: Iterable<string>): Promise<ParsedSources> {
  const uses = new Map<string, References>();
  const failed = new Map<string, ParseFailure>();
  let spent = 0;
  for (const source of new Set(sources)) {
    // Between this check and the parsing nobody else comes: of many requests that wait, one goes on at a time.
    while (turn >= TURN_MS && !cache.has(source)) await otherTurns();
    const started = performance.now();
    const parsed = cache.get(source) ?? (spent > BUDGET_MS ? 'expression_budget_exceeded' : parse(source));
    if (typeof parsed === 'string') failed.set(source, parsed);
    else uses.set(source, parsed);
    const took = performance.now() - started;
    spent += took;
    turn += took;
  }
  return { uses, failed };
}

function otherTurns(): Promise<void> {
  others ??= nextTurn().then(() => {
    turn = 0;
    others = undefined;
  });
  return others;
}

function parse(source: string): References | 'expression_invalid' {
  const parsed = tryReferences(source);
  if (cache.size >= CACHED) cache.delete(cache.keys().next().value ?? source);
  cache.set(source, parsed);
  return parsed;
}

function tryReferences(source: string): References | 'expression_invalid' {
  try {
    return references(source);
  } catch {
    return 'expression_invalid';
  }
}
