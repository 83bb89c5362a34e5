// SPDX-License-Identifier: Apache-2.0
import type { ExpressionOutcome } from '@enclave-vault/expressions';
import type { DecryptRequest, DecryptResults, Expression, NameError } from '@enclave-vault/protocol';
import type { OpenedField } from '@enclave-vault/records/open';
import type { Clock, Expressions } from '../ports.ts';

/**
 * CEL reaches a field by its name, or by any means through the map of all of them; an identifier has no other spelling (CEL
 * specification, "Syntax"). Words are all that is looked at: a word in a text or of a bound variable spoils an expression
 * without need, but only beside a field that is broken, and no parser meets foreign text outside its worker.
 */
const IDENTIFIER = /[A-Za-z_][A-Za-z0-9_]*/g;
const RECORD = 'record';

type Opened = ReadonlyMap<string, OpenedField>;

/**
 * From opened fields to the answer's results: reveals what was asked for, runs the expressions over the rest.
 *
 * Fails closed by name: a field that did not open is an error and so is every expression that depends on it, since null
 * in its place would be an answer about a record that does not exist.
 */
export async function resolve(
  request: DecryptRequest,
  opened: Opened,
  expressions: Expressions,
  clock: Clock,
): Promise<DecryptResults> {
  const unreadable = new Set([...opened].filter(([, field]) => !field.ok).map(([name]) => name));
  const { sound, spoilt } = separate(request.expressions, unreadable);
  const stored = new Map([...opened].flatMap(([name, field]) => (field.ok ? [[name, field.json]] : [])));
  const outcomes =
    sound.length === 0
      ? []
      : await expressions.evaluate({
          fields: stored,
          known: request.known.filter((name) => !unreadable.has(name)),
          expressions: sound,
          now: clock.now(),
        });

  const results = new Map<string, ExpressionOutcome>(outcomes.map((outcome) => [outcome.name, outcome]));
  const data: (readonly [string, string])[] = [];
  const errors: NameError[] = [...unreadable].map((name) => ({ name, code: 'field_unreadable' }));
  for (const name of request.reveal) {
    const json = stored.get(name);
    if (json !== undefined) data.push([name, json]);
  }
  for (const { name } of request.expressions) {
    const outcome = results.get(name);
    if (outcome?.ok) data.push([name, outcome.json]);
    // An expression without an outcome was spoilt, or forgotten by its worker: either way it has no result.
    else
      errors.push({
        name,
        code: spoilt.has(name) ? 'expression_failed' : (outcome?.code ?? 'expression_failed'),
      });
  }
  return { data, errors };
}

/** Divides the expressions into those that can be evaluated and those that may need, directly or not, what could not be read. */
function separate(
  expressions: readonly Expression[],
  unreadable: ReadonlySet<string>,
): { sound: Expression[]; spoilt: Set<string> } {
  const spoilt = new Set<string>();
  if (unreadable.size === 0) return { sound: [...expressions], spoilt };
  const sound: Expression[] = [];
  for (const expression of expressions) {
    const words = expression.source.match(IDENTIFIER) ?? [];
    const depends = words.some((word) => word === RECORD || unreadable.has(word) || spoilt.has(word));
    if (depends) spoilt.add(expression.name);
    else sound.push(expression);
  }
  return { sound, spoilt };
}
