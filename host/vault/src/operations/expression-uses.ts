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

/** What a parser goes by: time in milliseconds, and a way to let everybody else have a turn. */
export interface ParserTimes {
  readonly now: () => number;
  readonly others: () => Promise<unknown>;
}

/** Time for parsing the expressions of one request, in milliseconds: as much as for evaluating them (design, "Limits"). */
const BUDGET_MS = 250;
/** After this much parsing, in milliseconds, other requests get a turn. */
const TURN_MS = 5;

/** Sources come again and again; parsing one takes longer than evaluating it. */
const CACHED = 500;

/** Finds out which fields expressions use, one source in a turn, and remembers it. */
export class SourceParser {
  readonly #times: ParserTimes;
  readonly #cache = new Map<string, References | 'expression_invalid'>();
  /** Parsing of all requests together since the others had a turn, in milliseconds. */
  #turn = 0;
  #waiting: Promise<void> | undefined;

  constructor(times: ParserTimes) {
    this.#times = times;
  }

  async parse(sources: Iterable<string>): Promise<ParsedSources> {
    const uses = new Map<string, References>();
    const failed = new Map<string, ParseFailure>();
    let spent = 0;
    for (const source of new Set(sources)) {
      // Between this check and the parsing nobody else comes: of many requests that wait, one goes on at a time.
      while (this.#turn >= TURN_MS && !this.#cache.has(source)) await this.#others();
      const began = this.#times.now();
      const known = this.#cache.get(source);
      const parsed = known ?? (spent > BUDGET_MS ? 'expression_budget_exceeded' : this.#parse(source));
      if (typeof parsed === 'string') failed.set(source, parsed);
      else uses.set(source, parsed);
      const took = this.#times.now() - began;
      spent += took;
      this.#turn += took;
    }
    return { uses, failed };
  }

  #others(): Promise<void> {
    this.#waiting ??= this.#times.others().then(() => {
      this.#turn = 0;
      this.#waiting = undefined;
    });
    return this.#waiting;
  }

  #parse(source: string): References | 'expression_invalid' {
    const parsed = tryReferences(source);
    if (this.#cache.size >= CACHED) this.#cache.delete(this.#cache.keys().next().value ?? source);
    this.#cache.set(source, parsed);
    return parsed;
  }
}

const parser = new SourceParser({ now: () => performance.now(), others: nextTurn });

/** Finds out which fields expressions use, without holding up other requests for long. */
export function parseSources(sources: Iterable<string>): Promise<ParsedSources> {
  return parser.parse(sources);
}

function tryReferences(source: string): References | 'expression_invalid' {
  try {
    return references(source);
  } catch {
    return 'expression_invalid';
  }
}
