// SPDX-License-Identifier: Apache-2.0

import type { Overload } from '../system/overload.ts';
import { overloadTable } from '../system/report.ts';

/** What those refusals mean that are to be expected. */
const MEANING: Readonly<Record<string, string>> = {
  '503 overloaded':
    'the API has 1,000 requests of all callers under way, or more than it answers in 5 s: the vault’s own limit',
  '429 rate_limited':
    'one caller may have three times as many requests under way as there are places left, so 750 of 1,000 when he is alone',
  '503 busy': 'the turn of a decryption did not come within half of its time',
  '503 timed_out': 'the 10 s of a request were over',
};

/** What too many clients get, and whether all is as before afterwards. */
export function tooMany(overloads: readonly Overload[]): string {
  const [first] = overloads;
  if (first === undefined) return 'Not measured in this run.';
  const unclean = overloads.some(({ during }) => Object.keys(during.odd).length > 0);
  const own = overloads.some(({ callers = 1 }) => callers > 1);
  return `8 clients; then as many as the table says, which ask again at once whatever Retry-After says${own ? '; with one API key among all of them, or with one each' : ', with one API key'}; ${first.pauseSeconds} s of rest; 8 again. *After* is in percent of the 8 before, of one window each. *Answered/s* and p99 are of right answers.

${overloadTable(overloads)}

${refusals(overloads)}All other answers, those without Retry-After or a problem document, and exchanges without an answer count as *unclean*${unclean ? '' : ': there was none'}.`;
}

/** Each code that refused, and what it means. */
function refusals(overloads: readonly Overload[]): string {
  const codes = [...new Set(overloads.flatMap(({ during }) => Object.keys(during.errors)))];
  const refused = codes.filter((code) => /^(?:429|503) /.test(code)).sort();
  const by503 = refused.some((code) => code.startsWith('503'));
  const said = refused.map((code) => {
    const meaning = MEANING[code];
    const number = overloads.reduce((sum, { during }) => sum + (during.errors[code] ?? 0), 0);
    return `- **${code}**, ${number.toLocaleString('en-US')} times${meaning === undefined ? '' : `: ${meaning}`}`;
  });
  if (said.length === 0) return 'None was refused. ';
  return `What refused:

${said.join('\n')}

${by503 ? '' : 'No 503: the vault’s own limit was not met in this run. '}`;
}
