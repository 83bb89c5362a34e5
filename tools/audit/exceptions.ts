// SPDX-License-Identifier: Apache-2.0
import type { Advisory } from './report.ts';

/** Why an advisory is no concern here, for some time. */
export interface Exception {
  /** As {@link Advisory.id}. */
  readonly advisory: string;
  readonly package: string;
  readonly reason: string;
  /** YYYY-MM-DD: the last day on which it holds. */
  readonly until: string;
}

const DAY = 86_400_000;
/** Days that an exception may lie ahead: what is accepted is looked at again. */
const LONGEST = 120;

/**
 * What is wrong with the exceptions themselves, a line each: without a reason, ended, or for longer than 120 days.
 * @param now ms since the epoch
 * @throws {Error} when it is no list of exceptions
 */
export function exceptionProblems(exceptions: readonly Exception[], now: number): string[] {
  return exceptions.flatMap(({ advisory, package: name, reason, until }) => {
    const what = `${advisory} in ${name}`;
    const end = /^\d{4}-\d\d-\d\d$/.test(until) ? Date.parse(`${until}T00:00:00Z`) + DAY : Number.NaN;
    if (Number.isNaN(end)) return [`${what}: until when the exception holds is no date`];
    return [
      ...(reason.trim().length < 20 ? [`${what}: the exception has no reason`] : []),
      ...(now >= end ? [`${what}: the exception ended with ${until}`] : []),
      ...(end - now > (LONGEST + 1) * DAY
        ? [`${what}: the exception holds for more than ${LONGEST} days`]
        : []),
    ];
  });
}

/**
 * Advisories that no exception covers, and exceptions that cover nothing.
 * @param now ms since the epoch. Exceptions that have ended cover nothing
 */
export function judge(
  advisories: readonly Advisory[],
  exceptions: readonly Exception[],
  now: number,
): string[] {
  const holding = exceptions.filter((exception) => exceptionProblems([exception], now).length === 0);
  const covers = (exception: Exception, { id, package: name }: Advisory): boolean =>
    exception.advisory === id && exception.package === name;
  return [
    ...advisories
      .filter((advisory) => !holding.some((exception) => covers(exception, advisory)))
      .map(
        ({ id, package: name, range, severity, title }) =>
          `${id} in ${name} ${range} (${severity}): ${title}`,
      ),
    ...exceptions
      .filter((exception) => !advisories.some((advisory) => covers(exception, advisory)))
      .map(({ advisory, package: name }) => `${advisory} in ${name}: an exception from nothing`),
  ];
}

/** @throws {Error} */
export function parseExceptions(text: string): readonly Exception[] {
  const value = JSON.parse(text) as unknown;
  const members = ['advisory', 'package', 'reason', 'until'];
  const good =
    Array.isArray(value) &&
    value.every(
      (one: unknown) =>
        typeof one === 'object' &&
        one !== null &&
        Object.keys(one).sort().join() === members.join() &&
        Object.values(one).every((member) => typeof member === 'string'),
    );
  if (!good) throw new Error(`each exception has ${members.join(', ')}, as text, and nothing else`);
  return value as readonly Exception[];
}
