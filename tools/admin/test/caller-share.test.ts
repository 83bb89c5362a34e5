// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseRates } from '../../../host/api/src/process/rates-config.ts';
import { readGiven } from '../src/dev/given.ts';
import { parseDevOptions } from '../src/dev/options.ts';

const folder = mkdtempSync(join(tmpdir(), 'ev-share-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the API makes of what it is given. */
const ratesOf = (...words: string[]) => parseRates(readGiven(parseDevOptions(words, {}, folder)).rates);
const ratesFile = (rates: unknown): string => {
  const path = join(folder, 'rates.json');
  writeFileSync(path, JSON.stringify(rates));
  return path;
};

describe('a caller’s share of an hour, in a local vault', () => {
  it.each([
    [180_000, []],
    [540_000, ['--enclaves', '3']],
    [36_000, ['--enclave-rate', '40,20,72000']],
    [72_000, ['--enclave-rate', '40,20,72000', '--enclaves', '2']],
    // The least and the most that the API takes.
    [2, ['--enclave-rate', '1,1,1']],
    [799_999_992, ['--enclave-rate', '1,1,99999999', '--enclaves', '16']],
  ])('is half of what the enclaves open: %i with %j', (share, words) => {
    expect(ratesOf(...words)).toEqual({ decryptsPerHour: share });
  });

  it('is another where it is given, and stays where other rates are', () => {
    const requests = { burst: 3, perSecond: 1 };
    expect(ratesOf('--rates', ratesFile({ decryptsPerHour: 9 }))).toEqual({ decryptsPerHour: 9 });
    expect(ratesOf('--rates', ratesFile({ requests }))).toEqual({ requests, decryptsPerHour: 180_000 });
  });

  it('makes no rates of what is none', () => {
    expect(() => ratesOf('--rates', ratesFile([1]))).toThrow(/rates/);
    expect(() => ratesOf('--rates', ratesFile('x'))).toThrow(/rates/);
  });
});
