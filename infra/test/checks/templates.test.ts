// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusals } from '../../src/checks/index.ts';
import { RESOURCE_TYPES } from '../../src/checks/types.ts';
import { DEPLOY } from '../../src/config/deploy.ts';
import { resourcesPage } from '../../src/resources-page.ts';
import { DIFFERENT, type Made, made, stagesIn } from './variants.ts';

const ROOT = join(import.meta.dirname, '../../..');
const seen = new Set<string>();

describe.each(DIFFERENT)('templates of the variant %s', (variant) => {
  let templates: readonly Made[] = [];
  beforeAll(() => {
    templates = made(variant);
  });

  it('have nothing that is refused, and something to refuse', () => {
    expect(templates.length).toBeGreaterThanOrEqual(variant === 'cn-north-1' ? 11 : 12);
    for (const { stage, config, template } of templates) {
      expect(refusals({ stage: stage.id, kept: stage.kept === true, config, template })).toEqual([]);
      expect(Object.keys(template.Resources).length, stage.id).toBeGreaterThan(0);
      for (const { Type } of Object.values(template.Resources)) seen.add(Type);
    }
  });

  it('put out what their stages say, each a value', () => {
    for (const { stage, template } of templates) {
      const outputs = template.Outputs ?? {};
      expect(Object.keys(outputs).sort(), stage.id).toEqual(Object.keys(stage.outputs).sort());
      for (const [name, { Value }] of Object.entries(outputs)) {
        expect(Value, `${stage.id}.${name}`).not.toBe('');
        expect(JSON.stringify(Value), `${stage.id}.${name}`).not.toMatch(/todo|placeholder|example|tbd/i);
      }
    }
  });
});

describe('templates of the example', () => {
  let templates: readonly Made[] = [];
  let folder = '';
  beforeAll(() => {
    templates = made('least');
    folder = mkdtempSync(join(tmpdir(), 'ev-templates-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are what docs/resources.md says', () => {
    // `npm run docs` writes it.
    expect(readFileSync(join(ROOT, 'docs/resources.md'), 'utf8')).toBe(resourcesPage(templates));
  });

  it('are the same bytes in another process, folder, time zone and language', () => {
    execFileSync(
      process.execPath,
      [join(ROOT, 'infra/bin/synthesize.ts'), '--out', join(folder, 'out'), '--config', elsewhere()],
      {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'inherit'],
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          TMPDIR: folder,
          TZ: 'Pacific/Kiritimati',
          LC_ALL: 'tr_TR.UTF-8',
          // Of a shell in which somebody works on another account.
          CDK_DEFAULT_ACCOUNT: '999999999999',
          CDK_DEFAULT_REGION: 'us-west-2',
          AWS_REGION: 'us-west-2',
          CDK_CONTEXT_JSON: JSON.stringify({ 'aws:cdk:enable-path-metadata': true }),
        },
      },
    );
    for (const { stage, template } of templates) {
      const written = readFileSync(join(folder, 'out', `${stage.id}.json`), 'utf8');
      expect(written, stage.id).toBe(`${JSON.stringify(template, undefined, 2)}\n`);
    }
    // Nothing of CDK's stays behind.
    expect(readdirSync(folder).sort()).toEqual(['deploy.json', 'out']);
  });

  /** The example as a file. */
  function elsewhere(): string {
    const file = join(folder, 'deploy.json');
    writeFileSync(file, JSON.stringify(DEPLOY.example));
    return file;
  }
});

describe('the list of types', () => {
  it('has no type that no stack has', () => {
    const pipeline = DIFFERENT.some((variant) =>
      stagesIn(variant).stages.some(({ id }) => id === 'pipeline'),
    );
    const expected = Object.keys(RESOURCE_TYPES).filter((type) => pipeline || !type.startsWith('AWS::Code'));
    expect(expected.filter((type) => !seen.has(type))).toEqual([]);
  });
});
