// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, it } from 'vitest';
import { refusals } from '../../src/checks/index.ts';
import { RESOURCE_TYPES } from '../../src/checks/types.ts';
import { DIFFERENT, type Made, made, stagesIn } from './variants.ts';

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

describe('the list of types', () => {
  it('has no type that no stack has', () => {
    const pipeline = DIFFERENT.some((variant) =>
      stagesIn(variant).stages.some(({ id }) => id === 'pipeline'),
    );
    const expected = Object.keys(RESOURCE_TYPES).filter((type) => pipeline || !type.startsWith('AWS::Code'));
    expect(expected.filter((type) => !seen.has(type))).toEqual([]);
  });
});
