// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { FLOOR, OURS, RECORDS, RECORDS_AGAIN, RECORDS_DER, RUST, STEPS } from '../../bench/crypto/names.ts';
import type { CryptoResult, Row } from '../../bench/crypto/result.ts';
import { targetsAwake, targetsOf } from '../../bench/crypto/targets.ts';
import type { Spread } from '../../bench/crypto/turns.ts';
import { section } from '../../bench/page/crypto.ts';

/** Median, and the 10th and 90th percentiles: a tenth less and more where nothing else is said. */
const spread = (median: number, p10 = median * 0.9, p90 = median * 1.1): Spread => ({
  ...{ median, p10, p90, rounds: 100 },
});
const OPENED = {
  ...{ [FLOOR]: spread(1), [OURS]: spread(1.1), [RECORDS]: spread(1.15), [RECORDS_DER]: spread(1.4) },
  ...{ [RECORDS_AGAIN]: spread(0.1), hpke: spread(3), '@hpke/core': spread(3.2) },
};
const rowOf = (
  candidates: Row['candidates'],
  fields = 12,
  format: Row['format'] = 'shared',
  direction: Row['direction'] = 'open',
): Row => ({ suite: 'P-384', direction, format, fields, candidates });
const rows = (candidates: Row['candidates'] = {}): Row[] => [
  rowOf({ ...OPENED, ...candidates }),
  rowOf({ hpke: spread(30), '@hpke/core': spread(29), [RUST]: spread(3) }, 12, 'each'),
];
const RESULT: CryptoResult = {
  ...{ what: 'crypto', measured: '2026-01-01T00:00:00Z', commit: '000000000000' },
  machine: { node: 'v24', system: '', processor: '', cores: 2, memoryGiB: 8, load: 0 },
  ...{ peers: {}, openssl: '3', turns: 100, rows: rows(), steps: {}, throughput: [] },
};
const pageOf = (given: Partial<CryptoResult> = {}): string => {
  const result: CryptoResult = { ...RESULT, ...given };
  return section(result);
};
const verdictsOf = (name: string, candidates?: Row['candidates']): string[] =>
  targetsOf({ rows: rows(candidates) })
    .filter(({ ours }) => ours === name)
    .map(({ verdict }) => verdict);

describe('What opening 12 fields was to reach', () => {
  it('is reached where it is passed by more than the ratios of other percentiles differ', () => {
    expect(verdictsOf(OURS)).toEqual(['reached']);
    // Passed by 9 %. The floor's percentiles are 0.9 and 1.1: these ratios are 8 %, 10 %, 11 % (downwards) and 10 % from the medians'.
    expect(verdictsOf(OURS, { [OURS]: spread(1.1, 1.07) })).toEqual(['reached']);
    expect(verdictsOf(OURS, { [OURS]: spread(1.1, 1.09) })).toEqual(['reached, within noise']);
    expect(verdictsOf(OURS, { [OURS]: spread(1.1, 0.89) })).toEqual(['reached, within noise']);
    expect(verdictsOf(OURS, { [OURS]: spread(1.1, 0.99, 1.33) })).toEqual(['reached, within noise']);
    expect(verdictsOf(OURS, { [OURS]: spread(1.21) })).toEqual(['not reached']);
  });

  it('is held against the best peer, of each percentile', () => {
    expect(verdictsOf(RECORDS)).toEqual(['reached', 'reached', 'reached', 'reached']);
    const second = { '@hpke/core': spread(3.2, 2.3) };
    expect(verdictsOf(RECORDS, second)).toEqual(['reached', 'reached, within noise', 'reached', 'reached']);
    expect(verdictsOf(RECORDS, { '@hpke/core': spread(2.8) })[1]).toBe('not reached');
  });

  it('is not reached by a key as DER only because one that is ready reaches it', () => {
    expect(verdictsOf(RECORDS_DER)).toEqual(['not reached', 'not reached']);
    expect(verdictsOf(RECORDS_DER, { [RECORDS_DER]: spread(1.16) })).toEqual(['reached', 'reached']);
  });

  it('is not measured where one of the two was not there', () => {
    const alone = targetsOf({ rows: [rowOf({ [OURS]: spread(1), [RECORDS]: spread(1) })] });
    expect(alone.map(({ verdict }) => verdict)).toEqual(alone.map(() => 'not measured'));
    expect(targetsOf({ rows: [] })).toHaveLength(alone.length);
  });
});

describe('The page about cryptography', () => {
  it('says of each target whether it was reached, and how far noise goes', () => {
    const text = pageOf({ rows: rows({ [OURS]: spread(1.1, 1.09) }) });
    expect(text).toContain(
      '| of the floor, HPKE contexts | at most 1.2x | 1.10x | 10 % | reached, within noise |',
    );
    expect(text).toMatch(
      /\| of the floor, whole records with the key as DER \| at most 1\.2x \| 1\.40x \| \S+ % \| \*\*not reached\*\* \|/,
    );
    expect(pageOf({ rows: [] })).toContain('| at most 1.2x | – | – | **not measured** |');
  });

  it('says why a key as DER misses its targets, where it does', () => {
    const page = (steps: CryptoResult['steps'], candidates?: Row['candidates']): string =>
      pageOf({ steps, rows: rows(candidates) });
    const read = { [STEPS.key]: spread(0.26) };
    const said =
      "it is 0.250 ms more than with one that is ready: reading a P-384 key from PKCS#8 costs 0.260 ms in Node (this project's checks of its form included";
    expect(page(read)).toContain(`${said}), once per answer of KMS`);
    expect(page(read)).toContain('The floor and that step together are 1.26x of the floor, and 2.38x faster');
    const both = { ...read, [STEPS.nodeKey]: spread(0.24) };
    expect(page(both)).toContain(`${said}; 0.240 by \`createPrivateKey\` alone), once`);
    expect(page(both)).toContain(
      'The floor and `createPrivateKey` together are 1.24x of the floor, and 2.42x',
    );
    expect(page(read, { [RECORDS_DER]: spread(1.16) })).not.toContain('once per answer of KMS');
    // An older result may lack the step.
    expect(page({})).not.toContain('once per answer of KMS');
  });

  it('has the same once more with all cores awake, by the same rule', () => {
    expect(pageOf()).toContain('Not measured in this run: the same while no core may sleep');
    const awake = [rowOf({ ...OPENED, hpke: spread(2.9, 2.5) }), rowOf({ hpke: spread(22) }, 12, 'each')];
    const text = pageOf({ awake });
    expect(text).not.toContain('Not measured in this run');
    expect(text).toContain('| all cores awake | wanted | measured | noise |  |');
    expect(text).toMatch(/There the floor is [\d.]+x faster than the best JavaScript peer/);
    expect(text).toContain('given our format | at least 2.5x | 2.52x | 4.4 % | reached, within noise |');
    expect(text).toContain('ours with one a record | at least 20x | 19.1x |');
    // Processes of their own take no part in it.
    expect(targetsAwake({ awake })).toHaveLength(targetsOf(RESULT).length - 1);
    expect(targetsAwake({})).toEqual([]);
  });

  it('says what a message takes within a record, where one measured alone takes longer', () => {
    const grown = [...rows(), rowOf({ [FLOOR]: spread(0.85) }, 1), rowOf({ [FLOOR]: spread(1.246) }, 100)];
    const page = (message: number, of: Row[]): string =>
      pageOf({ rows: of, steps: { [STEPS.ecdh]: spread(0.8), [STEPS.message]: spread(message) } });
    const text = page(0.03, grown);
    expect(text).toContain('takes 0.00400 ms (the floor of 100 fields less that of one, by 99), not 0.0300:');
    expect(text).toContain('the ECDH and 12 of these are 0.848 ms, and the floor of 12 fields was 1.00.');
    expect(page(0.003, grown)).not.toContain('cold caches');
    expect(page(0.03, rows())).not.toContain('cold caches');
  });
});
