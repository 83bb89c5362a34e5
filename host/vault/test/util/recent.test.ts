// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Recent } from '../../src/util/recent.ts';

it('keeps the last so many, whatever was kept, kept again and forgotten before', () => {
  const name = fc.constantFrom(...'abcdefgh');
  const steps = fc.array(fc.tuple(name, fc.boolean()), { maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), steps, (most, all) => {
      const recent = new Recent<number>(most);
      let model: (readonly [string, number])[] = [];
      for (const [at, [one, keeps]] of all.entries()) {
        if (keeps) recent.keep(one, at);
        else recent.forget(one);
        model = [...model.filter(([other]) => other !== one), ...(keeps ? [[one, at] as const] : [])].slice(
          -most,
        );
        for (const each of 'abcdefgh') {
          expect(recent.get(each)).toBe(model.find(([other]) => other === each)?.[1]);
        }
      }
    }),
  );
});
