// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHECKS } from '@enclave-vault/admin/doctor';
import { createChannelRoot } from '@enclave-vault/channel';
import { readRole, type Setting } from '@enclave-vault/settings';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configurationPage, ROLES } from '../configuration-page.ts';
import { doctorPage } from '../doctor-page.ts';

/** A root of the channel, by the name of its file. */
function rootOf(path: string): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const side = path.includes('server') ? 'server' : 'client';
  return createChannelRoot({ publicKey: publicKey.export({ format: 'der', type: 'spki' }), side });
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ev-docs-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Paths in an example are those of a machine that is not this one: files of the same names here. */
function placed(example: unknown): unknown {
  return JSON.parse(JSON.stringify(example), (_name, value) => {
    if (typeof value !== 'string' || !/^\/(etc|opt)\//.test(value)) return value;
    const path = join(folder, value.replaceAll('/', '_'));
    writeFileSync(path, rootOf(value));
    return path;
  });
}

describe.each(ROLES.map((role) => [role.name, role] as const))('role %s', (_name, role) => {
  it('has an example on the page that the role takes', () => {
    const [, section = ''] = configurationPage().split(`\n## Role \`${role.name}\`\n`);
    const [, example = ''] = /```json\n(.*?)\n```/s.exec(section) ?? [];
    expect(
      Object.keys(readRole(role, { file: placed(JSON.parse(example)), env: {} })).length,
    ).toBeGreaterThan(3);
  });

  it('has a line on the page for each setting, and a variable named after its path', () => {
    const page = configurationPage();
    for (const { path, env, doc } of role.settings as readonly Setting[]) {
      expect(page).toContain(`| \`${path}\``);
      expect(page).toContain(`\`${env}\``);
      expect(doc).toMatch(/[.]$/);
      const words = path
        .replaceAll(/([A-Z])/g, '_$1')
        .replaceAll('.', '_')
        .toUpperCase();
      expect(env).toMatch(new RegExp(`^ENCLAVE_VAULT_(${role.name.toUpperCase()}_)?${words}$`));
    }
  });
});

it('the doctor’s page has every check, what it proves and how to mend', () => {
  const rows = doctorPage()
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(rows.map((row) => row.split(' | ')[0])).toEqual(CHECKS.map(({ name }) => `| \`${name}\``));
  for (const row of rows) expect(row.split(' | ').every((cell) => cell.length > 5)).toBe(true);
});
