// SPDX-License-Identifier: Apache-2.0
import { isRecord, Problems } from './problems.ts';
import type { PolicyKind, PolicyProblem } from './types.ts';
import { checkStatement } from './validate-statement.ts';

const MEMBERS: ReadonlySet<string> = new Set(['Version', 'Id', 'Statement']);

const WITHOUT_ID: ReadonlySet<PolicyKind> = new Set(['identity', 'boundary', 'session']);

/** Characters of the compact document (KMS Developer Guide, "Quotas"). */
const KEY_POLICY_LIMIT = 32_768;

/**
 * Every way in which a document breaks the policy grammar for its kind (IAM User Guide, "Grammar of the IAM JSON policy
 * language", and the pages of each element). No problems: AWS would store it, and it means what it says.
 */
export function validatePolicy(document: unknown, kind: PolicyKind): readonly PolicyProblem[] {
  const problems = new Problems();
  if (!isRecord(document)) {
    problems.add('', 'not_an_object', 'a policy is a JSON object');
    return problems.list;
  }
  for (const member of Object.keys(document)) {
    if (!MEMBERS.has(member)) problems.add(member, 'unknown_element', 'no element of a policy');
  }
  const { Version, Id, Statement } = document;
  if (Version !== undefined && Version !== '2012-10-17' && Version !== '2008-10-17') {
    problems.add('Version', 'invalid_version', 'must be 2012-10-17 or 2008-10-17');
  }
  if (Id !== undefined && typeof Id !== 'string') problems.add('Id', 'invalid_id', 'must be a string');
  if (Id !== undefined && WITHOUT_ID.has(kind)) {
    problems.add('Id', 'unsupported_element', 'identity-based policies have no Id');
  }
  checkStatements(Statement, Version === '2012-10-17', kind, problems);
  if (kind === 'kms-key') checkKeyPolicy(document, problems);
  return problems.list;
}

/** KMS Developer Guide, "Creating a key policy": required version, characters and length. */
function checkKeyPolicy(document: Readonly<Record<string, unknown>>, problems: Problems): void {
  if (document.Version === undefined)
    problems.add('Version', 'missing_version', 'a key policy has a Version');
  const text = JSON.stringify(document);
  if (text.length > KEY_POLICY_LIMIT) {
    problems.add('', 'too_long', `a key policy has at most ${KEY_POLICY_LIMIT} characters`);
  }
  if (!/^[\t\n\r\x20-\x7e\xa0-\xff]*$/.test(text)) {
    problems.add('', 'invalid_character', 'a key policy has printable Latin-1 characters only');
  }
}

function checkStatements(value: unknown, variables: boolean, kind: PolicyKind, problems: Problems): void {
  const statements: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (value === undefined || statements.length === 0) {
    problems.add('Statement', 'missing_statement', 'a policy has at least one statement');
    return;
  }
  const sids = new Set<unknown>();
  statements.forEach((statement, index) => {
    const path = `Statement[${index}]`;
    if (!isRecord(statement)) {
      problems.add(path, 'not_an_object', 'a statement is a JSON object');
      return;
    }
    checkStatement(statement, { path, kind, variables, problems });
    const { Sid } = statement;
    if (Sid === undefined || Sid === '') return;
    if (sids.has(Sid)) problems.add(`${path}.Sid`, 'repeated_sid', 'each Sid is used once in a policy');
    sids.add(Sid);
  });
}
