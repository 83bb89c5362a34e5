// SPDX-License-Identifier: Apache-2.0
import type { Finding, Status } from './check.ts';

const MARK: Readonly<Record<Status, string>> = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL', skipped: 'skip' };

/** What a person reads: a line for each finding, and under it how to mend what is not well. */
export function report(title: string, findings: readonly Finding[]): string {
  const wide = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, of, status, seen, mend }) => [
    `${MARK[status]}  ${check.padEnd(wide)}  ${of === undefined ? '' : `${of}: `}${seen}`,
    ...(mend === undefined ? [] : [`${' '.repeat(wide + 8)}→ ${mend}`]),
  ]);
  const count = (status: Status) => findings.filter((finding) => finding.status === status).length;
  const summary = `${count('ok')} ok, ${count('warn')} warnings, ${count('fail')} failed, ${count('skipped')} skipped`;
  return `${title}\n${lines.join('\n')}\n${summary}\n`;
}
