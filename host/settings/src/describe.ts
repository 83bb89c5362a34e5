// SPDX-License-Identifier: Apache-2.0
import type { Role, Setting } from './role.ts';

/** A role's part of docs/configuration.md: its settings as a table, its rules, and a file that works. */
export function describeRole(role: Role): string {
  const { name, doc, settings, rules, example } = role;
  const lines = [
    `## Role \`${name}\``,
    doc,
    '',
    '| member of the file | variable | must be | default | what it is |',
    '|---|---|---|---|---|',
    ...settings.map(row),
  ];
  if (rules.length > 0) lines.push('', 'Between them:', '', ...rules.map((rule) => `- ${rule.doc}`));
  lines.push('', 'A file that works:', '', '```json', JSON.stringify(example, null, 2), '```');
  return `${lines.join('\n')}\n`;
}

function row(setting: Setting): string {
  const { path, env, doc, read, secret } = setting;
  const names = (name: string, file: string) => (secret ? `\`${name}\`<br>\`${file}\`` : `\`${name}\``);
  const cells = [names(path, `${path}File`), names(env, `${env}_FILE`), read.wants, defaultOf(setting), doc];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function defaultOf({ default: value, defaultDoc, optional }: Setting): string {
  if (defaultDoc !== undefined) return defaultDoc;
  if (value === null || optional) return 'none';
  return value === undefined
    ? '**must be given**'
    : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}
