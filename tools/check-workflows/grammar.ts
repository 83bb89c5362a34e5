// SPDX-License-Identifier: Apache-2.0

/** What workflows here are made of. Not among it: `if` and `continue-on-error`, by which a job goes on after one that failed, and containers. */
const KEYS: ReadonlySet<string> = new Set([
  ...['name', 'on', 'push', 'pull_request', 'branches', 'tags', 'permissions', 'concurrency', 'group'],
  ...['cancel-in-progress', 'defaults', 'run', 'shell', 'jobs', 'strategy', 'matrix', 'runs-on', 'needs'],
  ...['environment', 'timeout-minutes', 'steps', 'uses', 'with', 'env', 'working-directory'],
]);
/** Below these, names are free: of jobs, of an action's inputs, of variables. Rights have a list of their own. */
const FREE: ReadonlySet<string> = new Set(['jobs', 'with', 'env', 'matrix', 'permissions']);
/** The only keys whose value may be a list in brackets. */
const LISTS: ReadonlySet<string> = new Set(['branches', 'tags']);
/** Variables that bash, Node, npm or the loader take code from. */
const CODE = /^(?:BASH_ENV|ENV|PATH|NODE_OPTIONS|LD_\w+|npm_config_\w+)$/i;
/** What expressions may say: nothing that a stranger writes but the name of a ref, and no token. */
const EXPRESSION = /^(?:vars\.[A-Z_]+|matrix\.[a-z]+|github\.ref|github\.ref_name|runner\.temp)$/;

const LINE = /^( *)(- )?([A-Za-z_][\w-]*):(?: (\S.*))?$/;

/**
 * What in a workflow is not written in the one way in which the checks by line can tell what it says, a line each: blocks, a key to a
 * line, without quotes, braces, anchors and tags (YAML 1.2.2, chapters 6 and 7), and of keys that are known.
 */
export function strangeLines(lines: readonly string[]): string[] {
  const found: string[] = [];
  const within: { readonly indent: number; readonly key: string }[] = [];
  let text: number | undefined;
  for (const [index, line] of lines.entries()) {
    const say = (what: string): void => void found.push(`${index + 1}: ${what}`);
    for (const [, expression = ''] of line.matchAll(/\$\{\{(.*?)(?:\}\}|$)/g))
      if (!EXPRESSION.test(expression.trim())) say(`the expression ${expression.trim()}`);
    const depth = line.search(/\S/);
    if (text !== undefined && (depth < 0 || depth > text)) continue;
    text = undefined;
    if (depth < 0 || line[depth] === '#') continue;
    const [, space = '', dash = '', key = '', value = ''] = LINE.exec(line) ?? [];
    if (key === '') {
      say('is written in a way that nobody looks through');
      continue;
    }
    const indent = space.length + dash.length;
    while ((within.at(-1)?.indent ?? -1) >= indent) within.pop();
    const parent = within.at(-1)?.key ?? '';
    within.push({ indent, key });
    if (/^[|>][+-]?$/.test(value)) text = indent;
    else if (!isPlain(value) && !((LISTS.has(key) || parent === 'matrix') && isList(value)))
      say('a value in a way that nobody looks through');
    if (!KEYS.has(key) && !FREE.has(parent)) say(`${key}: not known here`);
    if (parent === 'env' && CODE.test(key)) say(`${key}: what programs take code from`);
    if (parent === 'on' && key !== 'push' && key !== 'pull_request') say(`runs on ${key}`);
    if (key === 'shell' && value !== 'bash') say('a shell that is not bash');
    if (key === 'on' && value !== '') say('events that are not listed');
  }
  return found;
}

const isPlain = (value: string): boolean => !/^[[\]{}&*!|>%@`"',?-]/.test(value);
const isList = (value: string): boolean =>
  /^\[(?:'[^']*'|[\w./-]+)(?:, (?:'[^']*'|[\w./-]+))*\]$/.test(value);
