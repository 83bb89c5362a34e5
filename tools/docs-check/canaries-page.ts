// SPDX-License-Identifier: Apache-2.0
import { MUTATIONS, type Mutation } from '@enclave-vault/canary/mutations';

const BEGIN = '<!-- the table is written by npm run docs -->';
const END = '<!-- its end -->';

/** docs/canaries.md with its table of mutations, from the rows that the tests make in a running KMS. @throws when it has no place for one */
export function canariesPage(page: string): string {
  const [before, rest, ...more] = page.split(BEGIN);
  const [, after, ...others] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined || more.length + others.length > 0)
    throw new Error('docs/canaries.md has no place for its table, or two');
  return `${before}${BEGIN}\n${table()}${END}${after}`;
}

const COLUMNS = ['inside', 'outside', 'parent', 'policies', 'grants', 'control'] as const;

function table(): string {
  const rows = MUTATIONS.map(({ what, sees }) => [what, ...COLUMNS.map((column) => cell(column, sees))]);
  const head = [
    'what is changed',
    'from inside',
    'from outside',
    'as the parent',
    'comparison',
    'grants',
    'control',
  ];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('');
}

function cell(column: (typeof COLUMNS)[number], sees: Mutation['sees']): string {
  return Object.entries(sees)
    .filter(([probe]) => columnOf(probe) === column)
    .map(([probe, what]) => {
      const name = probe.replace(/^(outside|parent)\./, '');
      if (typeof what !== 'string') return `\`${name}\` ${shortly(what).join(', ')}`;
      return `\`${name}\` **${what}**`;
    })
    .join('; ');
}

/** All registers read as one. */
function shortly(reasons: readonly string[]): readonly string[] {
  const others = reasons.filter((reason) => !/^missing DenyWithoutPCR\d+$/.test(reason));
  return reasons.length - others.length < 2 ? reasons : ['missing every DenyWithoutPCR', ...others];
}

function columnOf(probe: string): (typeof COLUMNS)[number] {
  if (probe.endsWith('.policy')) return 'policies';
  if (probe.endsWith('.grants')) return 'grants';
  if (probe.startsWith('control.')) return 'control';
  if (probe.startsWith('outside.')) return 'outside';
  return probe.startsWith('parent.') ? 'parent' : 'inside';
}
