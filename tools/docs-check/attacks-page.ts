// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Node, runner, titleOf } from '@enclave-vault/threat-model/titles';
import { parseSync } from 'oxc-parser';

/** Who attacks, by how the names of his files begin: the actors of the threat model. */
export const ACTORS: Readonly<Record<string, string>> = {
  'curious-operator': 'curious operator',
  'store-writer': 'writer of the store',
  'parent-owner': 'owner of the parent',
  'api-owner': 'owner of the API',
  'iam-administrator': 'IAM administrator',
  'kms-administrator': 'KMS administrator',
  'network-attacker': 'network attacker',
  'malicious-client': 'malicious client',
  'supply-chain': 'supply chain',
  'other-tenant': 'another tenant',
  'stolen-backup': 'stolen backup',
};
/** What one file of each actor says of him. */
const TOLD = ['Has', 'Wants', 'Cannot', 'Remains'] as const;
type Told = Readonly<Record<(typeof TOLD)[number], string>>;

const HEAD = `<!-- Written by npm run docs from the files of this folder: change those. -->
# Attacks, by who makes them

Each test is a concrete attack on a running vault: real processes, as \`npm start\` starts them. \`npm test\` runs them all. What an
actor cannot do is what the tests of his files show; what remains is accepted, and says so. That an attack is worth something is shown
beside it: what the attacker holds does open, sign or pass where the one thing that stops him is taken away.
`;

export interface AttackFile {
  readonly file: string;
  readonly slug: string;
  readonly told: Told | undefined;
  /** Titles of groups, and of tests outside any. */
  readonly groups: readonly string[];
  readonly tests: number;
}

/**
 * Reads one file of attacks.
 * @throws {Error} when its name begins with no actor, or its first comment is of another one
 */
export function readAttacks(file: string, source: string): AttackFile {
  const slug = Object.keys(ACTORS).find((one) => basename(file).startsWith(one));
  const comment = (/\/\*\*.*?\*\//s.exec(source)?.[0] ?? '').replace(/^\s*\/?\*+\/?|\s*\*\/$/gm, '');
  const [, actor] = /Actor: ([^.\n]+)/.exec(comment) ?? [];
  if (slug === undefined || actor?.trim() !== ACTORS[slug])
    throw new Error(`${file}: its name and its first comment must be of one actor (ACTORS)`);
  const parts = TOLD.map((name) => {
    const [, text] =
      new RegExp(`^ ${name}: (.*?)(?=^ (?:${TOLD.join('|')}): |(?![\\s\\S]))`, 'ms').exec(comment) ?? [];
    return [name, text?.replace(/\s+/g, ' ').trim()] as const;
  });
  const some = parts.filter(([, text]) => text !== undefined);
  if (some.length > 0 && some.length < TOLD.length)
    throw new Error(`${file}: says ${some.map(([name]) => name).join(', ')} of its actor, and not the rest`);
  const told = some.length === 0 ? undefined : (Object.fromEntries(parts) as unknown as Told);
  return { file, slug, told, ...titlesOf(file, source) };
}

function titlesOf(file: string, source: string): { groups: string[]; tests: number } {
  const groups: string[] = [];
  let tests = 0;
  const visit = (value: unknown, inside: boolean): void => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      for (const item of value) visit(item, inside);
      return;
    }
    const node = value as Node;
    const title = node.type === 'CallExpression' ? titleOf(node) : undefined;
    const kind = title === undefined ? '' : runner(node.callee);
    if (title !== undefined && kind !== 'describe') tests += 1;
    if (title !== undefined && !inside) groups.push(title);
    for (const member of Object.values(node)) visit(member, inside || kind === 'describe');
  };
  visit(parseSync(file, source).program as unknown, false);
  return { groups, tests };
}

/**
 * tests/attacks/README.md.
 * @throws {Error} when an actor has no file, or none or two that say what he has
 */
export function attacksPage(folder: string): string {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => readAttacks(name, readFileSync(join(folder, name), 'utf8')));
  return pageOf(files);
}

/** @throws {Error} as attacksPage() */
export function pageOf(files: readonly AttackFile[]): string {
  const sections = Object.entries(ACTORS).map(([slug, actor]) => {
    const own = files.filter((one) => one.slug === slug);
    const [told, ...more] = own.flatMap((one) => one.told ?? []);
    if (told === undefined || more.length > 0)
      throw new Error(`${slug}: one file must say what he has, wants, cannot do, and what remains`);
    return [
      `## ${actor[0]?.toUpperCase()}${actor.slice(1)}\n`,
      ...TOLD.map((name) => `- **${name}:** ${told[name]}`),
      '\n| file | tests | what is tried |\n|---|--:|---|',
      ...own.map(
        ({ file, tests, groups }) => `| [${file}](${file}) | ${tests} | ${groups.map(escaped).join('; ')} |`,
      ),
      '',
    ].join('\n');
  });
  return [HEAD, ...sections].join('\n');
}

const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
