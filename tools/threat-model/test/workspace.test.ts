// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { svgOf } from '../src/page/drawing.ts';
import { format } from '../src/workspace/format.ts';
import { readWorkspace } from '../src/workspace/schema.ts';
import { statementOf } from '../src/workspace/statement.ts';
import { good, uuid } from './fixture.ts';

describe('the schema', () => {
  it.each([
    ['no JSON', '{', 'workspace_unreadable'],
    ['nothing', '', 'workspace_unreadable'],
    ['a list', '[]', 'schema_violation'],
    ['no version', '{}', 'schema_violation'],
    ['a later version', '{"schema":2}', 'schema_violation'],
    ['an unknown member', '{"schema":1,"more":1}', 'schema_violation'],
    ['a threat without an id', '{"schema":1,"threats":[{"numericId":1}]}', 'schema_violation'],
    [
      'a status that there is not',
      '{"schema":1,"threats":[{"id":"x","numericId":1,"status":"done"}]}',
      'schema_violation',
    ],
    [
      'metadata of a foreign name',
      '{"schema":1,"mitigations":[{"id":"x","numericId":1,"content":"c","metadata":[{"key":"check","value":"x"}]}]}',
      'schema_violation',
    ],
    [
      'a text that is too long',
      `{"schema":1,"assumptions":[{"id":"x","numericId":1,"content":"${'x'.repeat(1001)}"}]}`,
      'schema_violation',
    ],
  ])('refuses %s', (_, text, code) => {
    const read = readWorkspace(text);
    if (!Array.isArray(read)) throw new TypeError('was taken');
    expect(read.map((one: { code: string }) => one.code)).toContain(code);
  });

  it('says where, once for each place', () => {
    const read = readWorkspace('{"schema":1,"threats":[{"id":"x","numericId":1,"status":1,"more":1}]}');
    expect(read).toEqual([
      { code: 'schema_violation', at: '/threats/0', what: expect.stringContaining('more') },
      { code: 'schema_violation', at: '/threats/0/status', what: expect.stringContaining('string') },
    ]);
  });
});

describe('a statement', () => {
  const parts = {
    id: '',
    numericId: 1,
    threatSource: 'thief',
    prerequisites: 'with a ladder',
    threatAction: 'climb in',
  };
  it.each([
    [{}, 'A thief with a ladder can climb in'],
    [{ threatSource: 'owner' }, 'An owner with a ladder can climb in'],
    [{ threatImpact: 'less silver' }, 'A thief with a ladder can climb in, which leads to less silver'],
    [
      { impactedGoal: ['a', 'b', 'c'] },
      'A thief with a ladder can climb in, resulting in reduced a, b and/or c',
    ],
    [{ impactedAssets: ['x'] }, 'A thief with a ladder can climb in, negatively impacting x'],
    [
      { threatImpact: 'i', impactedGoal: ['a'], impactedAssets: ['x', 'y'] },
      'A thief with a ladder can climb in, which leads to i, resulting in reduced a of x and y',
    ],
  ])('is the sentence of the tool: %j', (more, sentence) => {
    expect(statementOf({ ...parts, ...more })).toBe(sentence);
  });
});

describe('the form of the file', () => {
  const drawings = { architecture: '<svg>1</svg>', dataflow: '<svg>2</svg>' };

  it('does not depend on the order in which the tool exports', () => {
    const [tidy, other] = [good(), good()];
    other.mitigations.reverse();
    other.mitigationLinks.reverse();
    for (const one of other.threats) {
      one.metadata = one.metadata?.toReversed() ?? [];
      one.tags = one.tags?.toReversed() ?? [];
    }
    const shuffled = Object.fromEntries(Object.entries(other).toReversed());
    expect(format({ ...shuffled, schema: 1 }, drawings)).toBe(format(tidy, drawings));
  });

  it('is its own: written again it is the same, ends with a line, and is taken by the schema', () => {
    const once = format(good(), drawings);
    const read = readWorkspace(once);
    if (!('schema' in read)) throw new TypeError('was refused');
    expect(format(read, drawings)).toBe(once);
    expect(once.endsWith('}\n')).toBe(true);
  });

  it('has statements and drawings anew, and nothing that the tool makes itself', () => {
    const workspace = good();
    Object.assign(workspace.threats[0] ?? {}, { statement: 'old', displayedStatement: ['old'] });
    const text = format({ ...workspace, architecture: { description: 'd', image: 'old' } }, drawings);
    expect(text).not.toContain('"old"');
    expect(text).toContain(Buffer.from('<svg>1</svg>').toString('base64'));
    expect(text).toContain('A thief with a ladder');
  });

  it('changes one line where one value of a list changes', () => {
    const [before, after] = [good(), good()];
    Object.assign(after.mitigations[0] ?? {}, { content: 'bars before all windows' });
    after.mitigationLinks.push({ mitigationId: uuid(3), linkedId: uuid(9) });
    const lines = (workspace: typeof before) => format(workspace, drawings).split('\n');
    const old = new Set(lines(before));
    expect(
      lines(after)
        .filter((line) => !old.has(line))
        .map((line) => line.trim()),
    ).toEqual(['"content": "bars before all windows",', `"linkedId": "${uuid(9)}"`]);
  });
});

describe('a drawing', () => {
  const drawing = {
    title: 'A & B',
    width: 100,
    height: 100,
    zones: [{ id: 'z', label: 'zone', x: 0, y: 0, w: 100, h: 100 }],
    nodes: [
      { id: 'a', label: ['<a>'], x: 0, y: 0, w: 20, h: 10 },
      { id: 'b', label: ['b', 'second'], x: 60, y: 0, w: 20, h: 10, shape: 'store' as const },
    ],
    edges: [{ from: 'a', to: 'b', label: 'goes "on"', sealed: true as const }],
  };

  it('is SVG that brings no markup of a label with it', () => {
    const svg = svgOf(drawing);
    expect(svg).toContain('<title>A &amp; B</title>');
    expect(svg).toContain('&lt;a>');
    expect(svg).not.toContain('<a>');
    expect(svg).toContain('x1="20" y1="5" x2="60" y2="5"');
  });

  it('is refused where a line ends nowhere', () => {
    expect(() => svgOf({ ...drawing, edges: [{ from: 'a', to: 'c', label: '' }] })).toThrow(
      'a or c is not drawn',
    );
  });
});
