// SPDX-License-Identifier: Apache-2.0
import { STATUS_CODES } from 'node:http';
import { RESULT_ERRORS } from '@enclave-vault/vault';
import { MEMBER_ERRORS, PROBLEMS } from './errors.ts';

/** The codes of all problems, in Markdown: docs/problems.md is this text. */
export function problemTable(): string {
  const problems = Object.entries(PROBLEMS).sort(
    ([a, [one]], [b, [other]]) => one - other || (a < b ? -1 : 1),
  );
  return [
    '# Problems',
    '',
    'Every error of the HTTP API is a problem document (RFC 9457, `application/problem+json`) with a stable `code`. Branch on the code; the other',
    'members are for people. `request_id` is also in the header `X-Request-Id`, in the log and in the audit. 429 and 503 say in `Retry-After` when to try again.',
    'No problem repeats a value that was sent. Generated from the table that the answers are made of: `npx vitest run host/api/test/problem-table.test.ts -u`.',
    '',
    '| status | code | meaning |',
    '|---|---|---|',
    ...problems.map(
      ([code, [status, text]]) => `| ${status} ${STATUS_CODES[status]} | \`${code}\` | ${text} |`,
    ),
    '',
    '## Members',
    '',
    'With 422 `invalid`, `errors` lists every bad member: `path` (a JSON Pointer into the body, or the bare name of a query parameter or header) and a code:',
    '',
    ...table(MEMBER_ERRORS),
    '',
    '## Results',
    '',
    'A decryption that succeeds may still have no result for a field or an expression; `errors` of its answer says why:',
    '',
    ...table(RESULT_ERRORS),
    '',
  ].join('\n');
}

function table(codes: Readonly<Record<string, string>>): string[] {
  return [
    '| code | meaning |',
    '|---|---|',
    ...Object.entries(codes).map(([code, text]) => `| \`${code}\` | ${text} |`),
  ];
}
