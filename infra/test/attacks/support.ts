// SPDX-License-Identifier: Apache-2.0
import type { Account } from '../proofs/account.ts';
import { answerOf, MODES, type Mode, questionsOf } from '../proofs/judge.ts';
import type { Cell } from '../proofs/table.ts';
import { theMatrix } from '../proofs/world.ts';

/*
 * Attacks on the account that the templates make. Each is a request, or a few, that must be refused; what decided is named,
 * so that an attack that is stopped by an accident is no proof.
 */

let made: Account | undefined;

/** Every template of the example with a pipeline, read back. */
export function theAccount(): Account {
  made ??= theMatrix().account;
  return made;
}

export interface Attack {
  /** In the words of the matrix (../proofs/who.ts). */
  readonly who: string;
  readonly where: string;
  readonly action: string;
  readonly resource: string;
  readonly context?: Cell['context'];
  /**
   * Leaves the resource's own policy out. Policies that can only allow (a function's, a role's trust) are no second lock, and who
   * could slip something into one would have no need to steal.
   */
  readonly opened?: boolean;
}

/** What decided. @param mode `hostile`: the attacker has slipped an Allow of everything into identity and resource */
export function outcome(attack: Attack, mode: Mode = 'given'): string {
  const cell: Cell = {
    context: {},
    opened: false,
    ...attack,
    answer: '',
    hostile: null,
    why: '',
    id: null,
    line: 0,
  };
  const question = questionsOf(theAccount(), cell)[MODES.indexOf(mode)];
  if (question === undefined) throw new TypeError(`no mode ${mode}`);
  return answerOf(question.decide());
}
