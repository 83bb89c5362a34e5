// SPDX-License-Identifier: Apache-2.0

/** Something found in a page. */
export interface Place {
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** What can be checked of a page of Markdown. */
export interface Page {
  /** Fragments that a link may name: of headings, as GitHub makes them, and what is named by hand. */
  readonly anchors: ReadonlySet<string>;
  /** Targets of links, images and reference definitions. */
  readonly links: readonly Place[];
  /** Texts of code spans, without those of code blocks. */
  readonly codes: readonly Place[];
  /** Scripts that `npm run` is told to run, in code blocks too. */
  readonly scripts: readonly Place[];
}

const NAMED = /<a id="([^"]+)"><\/a>/g;
const FENCE = /^\s*(`{3,}|~{3,})/;
const HEADING = /^#{1,6}\s+(.*?)\s*#*$/;
const CODE = /(`+)(.+?)\1(?!`)/g;
const LINK = /\]\(\s*<?((?:[^()\s<>]|\([^()\s]*\))+)>?(?:\s+"[^"]*")?\s*\)/g;
const DEFINITION = /^\s*\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/;
const SCRIPT = /\bnpm run (?:--\S+ )*([a-z][\w:-]*)/g;

/** Reads a page line by line: enough of Markdown for our own pages, which break no link and no code span over lines. */
export function readPage(markdown: string): Page {
  const anchors = new Set<string>();
  const links: Place[] = [];
  const codes: Place[] = [];
  const scripts: Place[] = [];
  let fence: string | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const found = (text: string): Place => ({ text, line: index + 1 });
    for (const [, name = ''] of line.matchAll(SCRIPT)) scripts.push(found(name));
    const mark = FENCE.exec(line)?.[1];
    if (fence !== undefined) {
      // A block ends with at least as many of the marks that it began with.
      if (mark?.startsWith(fence)) fence = undefined;
      continue;
    }
    if (mark !== undefined) {
      fence = mark;
      continue;
    }
    const heading = HEADING.exec(line)?.[1];
    if (heading !== undefined) addAnchor(anchors, heading);
    for (const [, name = ''] of line.matchAll(NAMED)) anchors.add(name);
    for (const [, , text = ''] of line.matchAll(CODE)) codes.push(found(text.trim()));
    const prose = line.replace(CODE, (code) => 'x'.repeat(code.length));
    for (const [, target = ''] of prose.matchAll(LINK)) links.push(found(target));
    const definition = DEFINITION.exec(prose)?.[1];
    if (definition !== undefined) links.push(found(definition));
  }
  return { anchors, links, codes, scripts };
}

/** GitHub's: the text in lower case, without punctuation, blanks as hyphens; a number where one comes again. */
function addAnchor(anchors: Set<string>, heading: string): void {
  const text = heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
  const slug = text.replace(/[^\p{L}\p{M}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
  let name = slug;
  for (let n = 1; anchors.has(name); n += 1) name = `${slug}-${n}`;
  anchors.add(name);
}
