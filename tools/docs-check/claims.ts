// SPDX-License-Identifier: Apache-2.0

export interface ClaimReport {
  readonly claims: number;
  readonly tests: number;
  /** One line each. */
  readonly problems: readonly string[];
}

const TEST = /`([^`]+)` › "([^"]+)"/g;

/**
 * Holds a page of claims against the tests: every section of level 3 is a claim, and its paragraph that begins with `*Check:*` names the
 * tests that would fail if it were not true, as `file` › "title".
 * @param titlesOf titles of a test file; undefined when there is no such file
 */
export function checkClaims(
  markdown: string,
  titlesOf: (file: string) => ReadonlySet<string> | undefined,
): ClaimReport {
  const sections = markdown.split(/^### /m).slice(1);
  const problems: string[] = [];
  let tests = 0;
  for (const section of sections) {
    const [claim = '', ...lines] = section.split('\n');
    const [body = ''] = lines.join('\n').split(/^## /m);
    const named = body
      .split(/\n\s*\n/)
      .map((paragraph) => paragraph.trim())
      .filter((paragraph) => paragraph.startsWith('*Check:*'))
      .flatMap((paragraph) => [...paragraph.replace(/\s+/g, ' ').matchAll(TEST)]);
    if (named.length === 0) problems.push(`${claim}: no test is named`);
    for (const [, file = '', title = ''] of named) {
      tests += 1;
      const titles = titlesOf(file);
      if (titles === undefined) problems.push(`${claim}: ${file}: no such file`);
      else if (!titles.has(title)) problems.push(`${claim}: ${file} has no test "${title}"`);
    }
  }
  return { claims: sections.length, tests, problems };
}
