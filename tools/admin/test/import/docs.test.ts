// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IMPORT_REFUSALS } from '@enclave-vault/vault/import';
import { expect, it } from 'vitest';
import { ITEM_REFUSALS } from '../../src/import/sample-item.ts';

it('the guide to the import says of every code why, and what to do', () => {
  const guide = readFileSync(join(import.meta.dirname, '../../../../docs/import.md'), 'utf8');
  const [, table = ''] = /^## What is skipped, and why\n(.*?)^## /ms.exec(guide) ?? [];
  const named = [...table.matchAll(/^\| ((?:`\w+`(?:, )?)+) \| .+ \| .+ \|$/gm)].flatMap(
    ([, codes = '']) => codes.match(/\w+/g) ?? [],
  );
  const codes = new Set([...Object.keys(ITEM_REFUSALS), ...Object.keys(IMPORT_REFUSALS)]);
  expect(named.toSorted()).toEqual([...codes].toSorted());
});
