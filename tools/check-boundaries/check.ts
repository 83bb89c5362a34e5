// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { importsOf } from './imports.ts';
import { MAY_OPEN, OPENERS, RULES, type ZoneRule } from './rules.ts';

const SCOPE = '@enclave-vault/';
const TOP = [
  ...['trusted', 'verifier', 'host', 'emulators', 'policies', 'tools', 'clients', 'canary', 'images'],
  'infra',
];
const SKIP = new Set(['node_modules', 'dist', 'test', 'fixtures']);

/** All sources below the trust zones of `root`, as paths relative to it; test folders are exempt. */
export function sourcesOf(root: string): string[] {
  const walk = (dir: string): string[] =>
    readdirSync(join(root, dir), { withFileTypes: true }).flatMap((e) => {
      const path = join(dir, e.name);
      if (e.isDirectory()) return SKIP.has(e.name) ? [] : walk(path);
      return /\.[cm]?[jt]sx?$/.test(e.name) ? [path] : [];
    });
  return TOP.flatMap((top) => {
    try {
      return walk(top);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}

/** Zone of a file: the rule with the longest matching prefix, so that a part can be stricter or freer than its whole. */
function ruleFor(file: string, rules: readonly ZoneRule[]): ZoneRule | undefined {
  return rules
    .filter((r) => file.startsWith(`${r.zone}/`) || file.startsWith(`${r.zone}.`))
    .sort((a, b) => b.zone.length - a.zone.length)[0];
}

const matches = (allowed: readonly string[] | undefined, name: string) =>
  allowed?.some((a) => a === '*' || a === name || (a.endsWith('/*') && name.startsWith(a.slice(0, -1)))) ??
  false;

const ALONE: ReadonlySet<string> = new Set(['policies', 'canary', 'infra']);

/** Package folder of a file: its first two path parts, or the first where there is one package (`policies`). */
function packageOf(file: string): string {
  const parts = file.split(sep);
  return parts.slice(0, ALONE.has(parts[0] ?? '') ? 1 : 2).join('/');
}

function refusal(file: string, specifier: string, rule: ZoneRule): string | undefined {
  if (specifier.startsWith('.')) {
    const target = normalize(join(dirname(file), specifier));
    if (packageOf(target) !== packageOf(file)) return 'reaches into another package by path';
    if (
      dirname(target)
        .split(sep)
        .some((part) => SKIP.has(part))
    )
      return 'reaches into a folder that is not looked at';
    const other = ruleFor(target, RULES);
    if (rule.zone.endsWith('/core') && other?.zone.endsWith('/adapters')) return 'the core has no I/O';
    return undefined;
  }
  if (specifier.startsWith(SCOPE)) {
    const name = specifier.slice(SCOPE.length);
    if (OPENERS.includes(name) && !MAY_OPEN.some((z) => file.startsWith(`${z}/`))) return 'may not decrypt';
    return matches(rule.packages, name) ? undefined : `${rule.zone} may not import ${name}`;
  }
  const bare = specifier.replace(/^node:/, '');
  if (specifier.startsWith('node:') || builtinModules.includes(bare))
    return matches(rule.node, bare) ? undefined : `${rule.zone} may not use ${specifier}`;
  const parts = specifier.split('/');
  const name = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier);
  return matches(rule.npm, name) ? undefined : `${rule.zone} may not depend on ${name}`;
}

/** One line a violation, `file:line: specifier: why`. Empty when the house is in order. */
export function violations(root: string): string[] {
  return sourcesOf(root).flatMap((file) => {
    const rule = ruleFor(file, RULES);
    if (!rule) return [`${file}:1: no rule covers this folder`];
    return importsOf(file, readFileSync(join(root, file), 'utf8')).flatMap(({ specifier, line }) => {
      const why = refusal(file, specifier, rule);
      return why ? [`${relative('.', file)}:${line}: ${specifier}: ${why}`] : [];
    });
  });
}
