// SPDX-License-Identifier: Apache-2.0
import { PolicyError } from './errors.ts';
import type { PolicyDocument, PolicyKind, PolicyProblem } from './types.ts';
import { validatePolicy } from './validate.ts';

/**
 * A policy from its text, as a service's Put… operation takes it.
 * @throws {PolicyError} `malformed_policy`: no JSON, a member given twice ("individual elements must not contain
 *   multiple instances of the same key"), or any problem of {@link validatePolicy}
 */
export function parsePolicy(text: string, kind: PolicyKind): PolicyDocument {
  const document = readJson(text);
  const repeated = repeatedMember(text);
  const problems: readonly PolicyProblem[] =
    repeated === null
      ? validatePolicy(document, kind)
      : [{ path: repeated, code: 'repeated_element', message: 'an element is given twice' }];
  if (problems.length > 0) throw new PolicyError(problems);
  return document as PolicyDocument;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PolicyError([{ path: '', code: 'invalid_json', message: 'the policy is not JSON' }]);
  }
}

/**
 * JSON.parse keeps the last of two members of one name, so a reviewer who reads the first is misled.
 * The text must be valid JSON: then its strings and brackets are all there is to look at.
 */
function repeatedMember(text: string): string | null {
  // One set of names for each object that is open, null for an array.
  const open: (Set<string> | null)[] = [];
  let expectName = false;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    const names = open.at(-1) ?? null;
    if (token.startsWith('"') && expectName && names !== null) {
      const name: string = JSON.parse(token);
      if (names.has(name)) return name;
      names.add(name);
    }
    expectName = token === '{' || (token === ',' && names !== null);
  }
  return null;
}
