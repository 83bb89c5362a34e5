// SPDX-License-Identifier: Apache-2.0

/**
 * One token, roughly as CEL's lexer has it (language definition, "Syntax"). String literals come first, since what looks like tokens
 * inside one costs the parser next to nothing; raw ones have no escapes, or `r'\'` would hide what follows it.
 */
const TOKEN = new RegExp(
  [
    String.raw`[bB]?[rR](?:"""[^]*?"""|'''[^]*?'''|"(?!"")[^"\r\n]*"|'(?!'')[^'\r\n]*')`,
    String.raw`[bB]?(?:"""(?:\\[^]|[^\\])*?"""|'''(?:\\[^]|[^\\])*?''')`,
    String.raw`[bB]?(?:"(?!"")(?:\\.|[^"\\\r\n])*"|'(?!'')(?:\\.|[^'\\\r\n])*')`,
    String.raw`\w+`,
    String.raw`\S`,
  ].join('|'),
  'gu',
);

/**
 * Whether a source has more than `most` tokens: the parser's time grows with them, whatever they are. A literal without an end
 * ends the count, as it ends the parser, so each character is looked at a few times at most.
 */
export function hasMoreTokens(source: string, most: number): boolean {
  let count = 0;
  for (const [token] of source.matchAll(TOKEN)) {
    if (token === '"' || token === "'") return false;
    if (++count > most) return true;
  }
  return false;
}
