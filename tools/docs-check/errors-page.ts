// SPDX-License-Identifier: Apache-2.0
import { STATUS_CODES } from 'node:http';
import { PROBLEMS } from '@enclave-vault/api';
import { FINDINGS, MEMBER_ERRORS, RESULT_ERRORS } from '@enclave-vault/vault';
import { FINDING_ADVICE, MEMBER_ADVICE, OPEN_ADVICE, PROBLEM_ADVICE, RESULT_ADVICE } from './advice.ts';

type Texts = Readonly<Record<string, string>>;

/** The text of docs/errors.md, from the tables that the program answers from. */
export function errorsPage(): string {
  return `<!-- written by npm run docs -->
# Errors

Every error of the HTTP API is a problem document (RFC 9457, \`application/problem+json\`):

\`\`\`json
{
  "title": "Unprocessable Entity",
  "status": 422,
  "code": "invalid",
  "detail": "Members of the request are invalid",
  "request_id": "req_1c7e6a05-62d5-4a4e-9a53-0bb0f58f1d1c",
  "errors": [{ "path": "/ssn9", "code": "format", "message": "not in the format of this field" }]
}
\`\`\`

Branch on \`code\`: codes are stable, the other texts are for people. No value that was sent is ever repeated. \`request_id\` is also in the header
\`X-Request-Id\`, in the log and in the audit. Answers with 429 and 503 say in \`Retry-After\`, in seconds, when to try again.

## Problems
${table(['status', 'code', 'meaning', 'what to do'], problems())}

## Members
With \`invalid\`, \`errors\` lists every bad member: \`path\` is a JSON Pointer (RFC 6901) into the body, or the bare name of a query parameter or header.

${table(['code', 'message', 'note'], rows(MEMBER_ERRORS, MEMBER_ADVICE))}

## Results
A decryption that succeeds (200) may lack a result for some fields or expressions. Its \`errors\` name each and say why; what failed is never in \`data\`.

${table(['code', 'message', 'note'], rows(RESULT_ERRORS, RESULT_ADVICE))}

## Audit findings
What \`enclave-vault audit verify\` may find.

${table(['code', 'message', 'what was done to the store'], rows(FINDINGS, FINDING_ADVICE))}

## Why a vault does not open
In the log, as the message of \`config_invalid\`.

${table(
  ['code', 'meaning'],
  Object.entries(OPEN_ADVICE).map(([code, text]) => [`\`${code}\``, text]),
)}
`;
}

function problems(): string[][] {
  return Object.entries(PROBLEMS)
    .sort(([a, [one]], [b, [other]]) => one - other || (a < b ? -1 : 1))
    .map(([code, [status, text]]) => [
      `${status} ${STATUS_CODES[status]}`,
      `\`${code}\``,
      text,
      (PROBLEM_ADVICE as Texts)[code] ?? '',
    ]);
}

function rows(messages: Texts, notes: Texts): string[][] {
  return Object.entries(messages).map(([code, message]) => [`\`${code}\``, message, notes[code] ?? '']);
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...body.map(line)].join('\n');
}
