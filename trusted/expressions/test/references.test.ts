// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { references } from '../src/references.ts';

const of = (source: string) => {
  const { fields, wholeRecord } = references(source);
  return [...fields, ...(wholeRecord ? ['*'] : [])];
};

/** Of CEL itself (language definition, "Values"). */
const TYPES = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'list', 'map', 'null_type', 'type'];

describe('references', () => {
  it.each<[string, string[]]>([
    ['1 + 1', []],
    ['a + b.c + d["e"]', ['a', 'b', 'd']],
    // Of the root namespace, which is the only one here: the parser drops the dot.
    ['.a', ['a']],
    ['.record.a', ['a']],
    ['[1].map(x, .y)', ['y']],
    ['record == "a"', ['*']],
    ['"a" == record', ['*']],
    ['"a" in ["b"]', []],
    ['"a" in b', ['b']],
    ['record["a"]["b"]', ['a']],
    ['[{"x": 1}].map(record, record.x)', []],
    ['[{"x": 1}].map(record, record["x"] + a)', ['a']],
    ['[a].all(x, b)', ['a', 'b']],
    ['{a: {b: c}}', ['a', 'b', 'c']],
    ['[a, [b]]', ['a', 'b']],
    ['a ? b : c', ['a', 'b', 'c']],
    ['a.matches(b)', ['a', 'b']],
    ...TYPES.map((type): [string, string[]] => [`type(a) == ${type}`, ['a']]),
    ['record.a', ['a']],
    ['record["a"]', ['a']],
    ['has(record.a)', ['a']],
    ['"a" in record', ['a']],
    ['record.a.b', ['a']],
    ['record[b]', ['b', '*']],
    ['b in record', ['b', '*']],
    ['record', ['*']],
    ['record.size()', ['*']],
    ['record == {}', ['*']],
    ['[record][0].a', ['*']],
    ['(true ? record : {}).a', ['*']],
    ['record.map(k, record[k])', ['*']],
    ['[1].map(record, record)', []],
    ['[1].map(a, a + b)', ['b']],
    ['[a].map(a, a)', ['a']],
    ['[1].map(a, [2].map(b, a + b + c))', ['c']],
    ['[1].exists(a, a > b) || a', ['b', 'a']],
    ['{a: b}', ['a', 'b']],
    ['type(a) == string', ['a']],
    ['false && a', ['a']],
    ['date(a).age() >= int(b)', ['a', 'b']],
  ])('%s reads %j', (source, expected) => expect(of(source).sort()).toEqual([...expected].sort()));

  it.each(['', '(', 'f(1)', 'a.g(1)', 'M{a: 1}', 'google.protobuf.Int64Value{value: 1}', 'optional.of(1)'])(
    '%s is refused',
    (source) =>
      expect(() => references(source)).toThrow(expect.objectContaining({ code: 'expression_invalid' })),
  );

  it('refuses trees too deep to walk, long before the stack ends', () => {
    expect(of(`${'a+'.repeat(512)}a`)).toEqual(['a']);
    for (const chain of [`${'a+'.repeat(513)}a`, `a${'.b'.repeat(513)}`, `a${'[0]'.repeat(513)}`])
      expect(() => references(chain)).toThrow(expect.objectContaining({ code: 'expression_invalid' }));
    for (const chain of [
      `${'a+'.repeat(5000)}a`,
      `${'a.'.repeat(5000)}a`,
      `${'a&&'.repeat(3000)}a`,
      `a${'[0]'.repeat(3000)}`,
    ])
      expect(() => references(chain)).not.toThrow(RangeError);
    expect(() => references(`${'a+'.repeat(5000)}a`)).toThrow(
      expect.objectContaining({ code: 'expression_invalid' }),
    );
  });

  it('stays quick on the worst text of the size allowed', () => {
    for (const source of [
      'a?b:'.repeat(64).concat('1'),
      '1+'.repeat(5000).concat('1'),
      'a.'.repeat(5000).concat('a'),
      '-'.repeat(10_000).concat('1'),
    ]) {
      const began = process.threadCpuUsage().user;
      try {
        references(source);
      } catch (error) {
        expect(error).toMatchObject({ code: 'expression_invalid' });
      }
      expect(process.threadCpuUsage().user - began).toBeLessThan(1_000_000);
    }
  });
});
