// SPDX-License-Identifier: Apache-2.0
import {
  type CelInput,
  type CelResult,
  type CelValue,
  celEnv,
  celMap,
  isCelError,
  plan,
} from '@bufbuild/cel';
import { ExpressionError, type ExpressionErrorCode } from './errors.ts';
import { vaultFunctions } from './functions.ts';
import { celFromJson, celToJson } from './json.ts';
import { parseExpression } from './parse.ts';
import { RESERVED_NAMES, type References, references } from './references.ts';

export interface NamedExpression {
  readonly name: string;
  /** CEL, at most 10 KiB. */
  readonly source: string;
}

export interface EvaluateRequest {
  /** Fields that hold a value, as JSON texts. */
  readonly fields: ReadonlyMap<string, string>;
  /** Names of all fields: those not in `fields` are null. Any other name is invalid. */
  readonly known: readonly string[];
  /** In the order of evaluation: a later one may use the result of an earlier one. */
  readonly expressions: readonly NamedExpression[];
  /** Milliseconds since the epoch, for today_utc() and age(). */
  readonly now: number;
}

export type ExpressionOutcome =
  | { readonly name: string; readonly ok: true; readonly json: string }
  | { readonly name: string; readonly ok: false; readonly code: ExpressionErrorCode };

interface Planned {
  readonly uses: References;
  readonly run: (bindings: Record<string, CelInput>) => CelResult;
}

let now = 0;
const env = celEnv({ funcs: vaultFunctions(() => now) });
const printer = plan(env, parseExpression('string(value)')) as Planned['run'];

const CACHED_PLANS = 256;
const plans = new Map<string, Planned>();

/** Parsing costs a hundred evaluations: a deployment's expressions are few and come again. */
function planned(source: string): Planned {
  const known = plans.get(source);
  if (known) return known;
  const uses = references(source);
  const made = { uses, run: plan(env, parseExpression(source)) as Planned['run'] };
  if (plans.size >= CACHED_PLANS) plans.delete(plans.keys().next().value ?? source);
  plans.set(source, made);
  return made;
}

/**
 * Evaluates expressions over opened fields, in this thread and for as long as they take: run it where it can be ended.
 * An expression that fails is an outcome with a code; the values it saw are in none.
 * @param each told every outcome as soon as it is there
 */
export function evaluate(
  request: EvaluateRequest,
  each: (outcome: ExpressionOutcome) => void = () => undefined,
): ExpressionOutcome[] {
  now = request.now;
  const scope = new Scope(request);
  return request.expressions.map(({ name, source }) => {
    const outcome = one(name, source, scope);
    each(outcome);
    return outcome;
  });
}

function one(name: string, source: string, scope: Scope): ExpressionOutcome {
  try {
    if (scope.has(name)) throw new ExpressionError('expression_invalid');
    scope.results.set(name, undefined);
    const { uses, run } = planned(source);
    const result = run(scope.bindings(uses));
    if (isCelError(result)) throw new ExpressionError('expression_failed');
    const json = celToJson(result, print);
    scope.results.set(name, result);
    return { name, ok: true, json };
  } catch (error) {
    return { name, ok: false, code: error instanceof ExpressionError ? error.code : 'expression_failed' };
  }
}

function print(value: CelValue): string {
  const text = printer({ value });
  if (typeof text !== 'string') throw new ExpressionError('expression_failed');
  return text;
}

/** What the names of an expression mean. Values are parsed when an expression first asks for them. */
class Scope {
  readonly #request: EvaluateRequest;
  readonly #known: ReadonlySet<string>;
  readonly #values = new Map<string, CelInput>();
  /** Results so far; undefined where an expression failed. */
  readonly results = new Map<string, CelValue | undefined>();

  constructor(request: EvaluateRequest) {
    this.#request = request;
    this.#known = new Set(request.known);
  }

  has(name: string): boolean {
    return (
      this.#known.has(name) ||
      this.results.has(name) ||
      this.#request.fields.has(name) ||
      RESERVED_NAMES.has(name)
    );
  }

  bindings(uses: References): Record<string, CelInput> {
    const bound: Record<string, CelInput> = Object.create(null) as Record<string, CelInput>;
    const record = new Map<string, CelInput>();
    const { fields } = this.#request;
    for (const name of uses.wholeRecord ? new Set([...fields.keys(), ...uses.fields]) : uses.fields) {
      if (fields.has(name)) record.set(name, this.#field(name));
      if (this.results.has(name)) {
        const result = this.results.get(name);
        if (result === undefined) throw new ExpressionError('expression_failed');
        bound[name] = result;
      } else if (fields.has(name)) bound[name] = this.#field(name);
      else if (this.#known.has(name)) bound[name] = null;
      else throw new ExpressionError('expression_invalid');
    }
    bound.record = celMap(record);
    return bound;
  }

  #field(name: string): CelInput {
    const value = this.#values.get(name) ?? celFromJson(this.#request.fields.get(name) ?? 'null');
    this.#values.set(name, value);
    return value;
  }
}
