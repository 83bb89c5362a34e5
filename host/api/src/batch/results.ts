// SPDX-License-Identifier: Apache-2.0
import type { MemberError, ProblemCode } from '../errors.ts';
import { toProblem } from '../http/problems.ts';

/** What became of an item: members of its result after `index`, as JSON text, and the code of an error. */
export interface Result {
  readonly text: string;
  readonly code: ProblemCode | 'ok';
}

export function resultLine(index: number, { text }: Result): string {
  return `{"index":${index},${text}}`;
}

/**
 * An error as a result: what a problem document of it would say.
 * @param id of what was asked for, where that is an id
 * @param at where members of the item that are judged by themselves stand in it, e.g. `/fields`
 */
export function failed(error: unknown, id?: string, at = ''): Result {
  const { problem, headers } = toProblem(error, '');
  const { code, detail: message, errors } = problem;
  const seconds = headers['retry-after'];
  const said = {
    code,
    message,
    ...(errors === undefined ? {} : { members: errors.map((one) => placed(one, at)) }),
    ...(seconds === undefined ? {} : { retry_after: Number(seconds) }),
  };
  const named = id === undefined ? '' : `"id":${JSON.stringify(id)},`;
  return { text: `${named}"error":${JSON.stringify(said)}`, code };
}

/** Name of the header that the vault knows an idempotency key by. */
const HEADER = 'Idempotency-Key';

function placed(one: MemberError, at: string): MemberError {
  if (one.path === HEADER) return { ...one, path: '/idempotency_key' };
  return { ...one, path: `${at}${one.path}` };
}
