// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bounds,
  type Deployment,
  dollars,
  enclaveCapacity,
  enclaves,
  instanceDollars,
  instancesFor,
  oneRecord,
  type Request,
  recordsInUse,
  total,
} from '../../bench/model/arithmetic.ts';
import { DEPLOYED } from '../../bench/model/deployed.ts';
import { deploymentsFor, placesFor } from '../../bench/model/deployments.ts';
import { QUOTAS } from '../../bench/model/quotas.ts';
import { modelText } from '../../bench/page/model.ts';

const DEPLOYMENT: Deployment = {
  region: 'us-east-1',
  enclaveCpus: 2,
  busy: 0.5,
  rate: { perSecond: 1_000, perHour: 360_000 },
  least: 2,
};
const DECRYPT: Request = {
  kind: 'decrypt',
  units: { read: 2, write: 4 },
  chainWrites: 4,
  kmsCalls: 1,
  keyPairs: 0,
  enclaveMs: 4,
};
const CREATE: Request = { ...DECRYPT, kind: 'create', kmsCalls: 0, keyPairs: 1, enclaveMs: 0 };
const REGION = 'us-east-1';
const at = (request: Request, name: RegExp): number | undefined =>
  bounds(request, REGION).find(({ quota }) => name.test(quota.name))?.at;

describe('The model of throughput', () => {
  it('finds what can be divided by hand', () => {
    // 4,000 and 40,000 units by 4; 12,000 and 40,000 by 2; 1,000 places for 80 ms each; 100,000 calls of KMS, one each.
    expect(at(DECRYPT, /new table on demand: write units/)).toBe(1_000);
    expect(at(DECRYPT, /write units of a table/)).toBe(10_000);
    expect(at(DECRYPT, /new table on demand: read units/)).toBe(6_000);
    expect(at(DECRYPT, /read units of a table/)).toBe(20_000);
    expect(at(DECRYPT, /concurrent/)).toBe(12_500);
    expect(at(DECRYPT, /symmetric/)).toBe(100_000);
    expect(bounds(DECRYPT, 'eu-central-1').find(({ quota }) => /symmetric/.test(quota.name))?.at).toBe(
      20_000,
    );
    expect(oneRecord(DECRYPT, REGION)).toBe(250);
  });

  it('names first what binds first: for creates the pairs of KMS, of which a decryption takes none', () => {
    expect(bounds(CREATE, REGION)[0]).toMatchObject({ at: 100, takes: 1 });
    expect(bounds(CREATE, REGION)[0]?.quota.name).toMatch(/GenerateDataKeyPair/);
    expect(at(DECRYPT, /GenerateDataKeyPair/)).toBeUndefined();
    expect(at(CREATE, /symmetric/)).toBeUndefined();
  });

  it('a cache of keys moves KMS’s bound away by as much as it saves, and no other', () => {
    const hot = { ...DECRYPT, kmsCalls: 0.05 };
    expect(at(hot, /symmetric/)).toBeCloseTo(2_000_000, 3);
    expect(at(hot, /write units of a table/)).toBe(at(DECRYPT, /write units of a table/));
  });

  it('counts enclaves by processors and by their measured rate', () => {
    // Half of two processors is 1,000 ms a second: 250 of 4 ms. 360,000 an hour are 100 a second.
    expect(enclaveCapacity(DECRYPT, DEPLOYMENT)).toEqual({ byCpu: 250, byRate: 100 });
    expect(enclaves(DECRYPT, DEPLOYMENT, 1_000)).toEqual({ byCpu: 4, byRate: 10 });
    expect(enclaves(DECRYPT, DEPLOYMENT, 1_001)).toEqual({ byCpu: 5, byRate: 11 });
    expect(enclaves(DECRYPT, DEPLOYMENT, 1)).toEqual({ byCpu: 2, byRate: 2 });
    expect(enclaves(CREATE, DEPLOYMENT, 1_000_000)).toEqual({ byCpu: 2, byRate: 2 });
  });

  it('knows for how few records a cache has almost all keys: each enclave has its own', () => {
    const cache = { entries: 2_048, ageSeconds: 60 };
    // One read in 20 calls KMS where 19 follow within the minute: 60,000 reads a minute in 10 enclaves are 19 each of 315 records.
    expect(recordsInUse(0.05, cache, 10, 1_000)).toBe(315);
    expect(recordsInUse(0.5, { entries: 10_000, ageSeconds: 60 }, 10, 1_000)).toBe(6_000);
    // No more than it keeps.
    expect(recordsInUse(0.05, { ...cache, entries: 100 }, 10, 1_000)).toBe(100);
  });

  it('says the same of a cache as reads that come at random, one by one', () => {
    // Records read at random in one enclave: a read calls where no key of the last 60 s is there.
    let random = 1;
    const next = (): number => {
      random = (random * 48_271) % 2_147_483_647;
      return random / 2_147_483_647;
    };
    const cache = { entries: 1_000, ageSeconds: 60 };
    const records = recordsInUse(0.1, cache, 1, 30);
    const asked = new Map<number, number>();
    let calls = 0;
    const reads = 60_000;
    for (let n = 0, now = 0; n < reads; n += 1) {
      now += -Math.log(next()) / 30;
      const record = Math.floor(next() * records);
      if (now - (asked.get(record) ?? Number.NEGATIVE_INFINITY) < cache.ageSeconds) continue;
      asked.set(record, now);
      calls += 1;
    }
    expect(records).toBe(200);
    expect(calls / reads).toBeGreaterThan(0.095);
    expect(calls / reads).toBeLessThan(0.105);
  });

  it('every quota has a source, and one that was not read says so', () => {
    for (const { source, mend } of QUOTAS) {
      expect(source).toMatch(/not checked|https:\/\/docs\.aws|docs\//);
      expect(mend).not.toBe('');
    }
  });
});

describe('Deployments', () => {
  it('are as many as the throttle and the instances of one ask for, of which a rollout needs one', () => {
    expect(deploymentsFor(10_000, 199)).toEqual({ byThrottle: 1, byInstances: 1, together: 1 });
    expect(deploymentsFor(10_001, 199)).toEqual({ byThrottle: 2, byInstances: 1, together: 2 });
    expect(deploymentsFor(10_000, 200)).toEqual({ byThrottle: 1, byInstances: 2, together: 2 });
    expect(deploymentsFor(100_000, 1_000)).toEqual({ byThrottle: 10, byInstances: 6, together: 10 });
  });

  it('share the quotas of an account and Region, and none of a table', () => {
    // 5,000 of CloudWatch Logs a second are the least of those that are shared; the table's 1,000 decryptions a second are not.
    expect([1, 5_000, 5_001, 100_000].map((rate) => placesFor(rate, bounds(DECRYPT, REGION)))).toEqual([
      1, 1, 2, 20,
    ]);
    for (const { name, of } of QUOTAS) expect(of === 'account', name).toBe(!name.startsWith('DynamoDB'));
  });
});

describe('The model of cost', () => {
  it('multiplies what can be counted by hand', () => {
    // One a second is 2.628 million a month.
    const one = dollars(DECRYPT, DEPLOYMENT, 1);
    expect(one.KMS).toBeCloseTo(262.8 * 0.03, 9);
    expect(one.DynamoDB).toBeCloseTo(2.628 * (4 * 0.625 + 2 * 0.125), 9);
    expect(one['API Gateway']).toBeCloseTo(2.628 * 3.5, 9);
    expect(one.instances).toBeCloseTo(2 * (730 * 0.136 + 12 * 0.08), 9);
    expect(dollars(CREATE, DEPLOYMENT, 1).KMS).toBeCloseTo(262.8 * 0.1, 9);
  });

  it('prices logs and the trail as the cost page does, with what is kept of them', () => {
    // 2.628 million of 1,800 bytes of log: 4.7304 GB, of which a fifth is kept for 12 months. As many records of 1,500 bytes: 3.942 GB of
    // trail, of which a fifth is kept for 3 months in the log group, and a tenth for 24 in the bucket.
    const logs = 4.7304 * 0.5 + 4.7304 * (12 / 5) * 0.03;
    const trail = 3.942 * 0.5 + 3.942 * (3 / 5) * 0.03 + 3.942 * 0.1 * 24 * 0.023;
    expect(dollars(DECRYPT, DEPLOYMENT, 1)['logs and trail']).toBeCloseTo(logs + trail, 9);
  });

  it('prices the instances that the measured rate asks for, not those that would do if it were raised', () => {
    // 1,000 a second: 4 by their processors, 10 at 100 a second each.
    expect(instancesFor(DECRYPT, DEPLOYMENT, 1_000)).toBe(10);
    expect(dollars(DECRYPT, DEPLOYMENT, 1_000).instances).toBeCloseTo(10 * (730 * 0.136 + 12 * 0.08), 9);
    const raised = { ...DEPLOYMENT, rate: { perSecond: 1_000, perHour: 3_600_000 } };
    expect(dollars(DECRYPT, raised, 1_000).instances).toBeCloseTo(instanceDollars(4, REGION), 9);
    expect(instancesFor(CREATE, DEPLOYMENT, 1_000)).toBe(2);
  });

  it('grows with the rate, in each part; what is paid by the request in proportion', () => {
    const rate = fc.double({ min: 0.1, max: 1e5, noNaN: true });
    fc.assert(
      fc.property(rate, rate, (a, b) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        const [small, large] = [dollars(DECRYPT, DEPLOYMENT, less), dollars(DECRYPT, DEPLOYMENT, more)];
        for (const [name, usd] of Object.entries(small))
          expect(large[name as keyof typeof large], name).toBeGreaterThanOrEqual(usd);
        expect(large.KMS / more).toBeCloseTo(small.KMS / less, 6);
        expect(total(large)).toBeGreaterThanOrEqual(total(small));
      }),
    );
  });

  it('a hot record costs less than one that asks KMS, by the call and its record in the trail alone', () => {
    const [cold, hot] = [1, 0].map((kmsCalls) => dollars({ ...DECRYPT, kmsCalls }, DEPLOYMENT, 10));
    expect(hot?.KMS).toBe(0);
    expect(hot?.['logs and trail']).toBeLessThan(cold?.['logs and trail'] ?? 0);
    expect([hot?.DynamoDB, hot?.Lambda]).toEqual([cold?.DynamoDB, cold?.Lambda]);
  });
});

describe('The page', () => {
  const text = modelText({
    what: 'model',
    measured: '2026-01-01T00:00:00Z',
    commit: '000000000000',
    machine: { node: 'v24', system: '', processor: '', cores: 2, memoryGiB: 8, load: 0 },
    deployment: DEPLOYMENT,
    cache: { entries: 2_048, ageSeconds: 60 },
    requests: { cold: DECRYPT, hot: { ...DECRYPT, kmsCalls: 0.05 }, create: CREATE },
    sources: ['made up'],
  });
  const step = (rate: string): string =>
    text.split('\n').find((line) => line.startsWith(`- **${rate} a second**`)) ?? '';

  it('names the deployment’s own settings before quotas, and at each step those that are too low', () => {
    const { decryptRate, rate, instances } = DEPLOYED;
    expect([decryptRate.path, rate.path, instances.path]).toEqual([
      'api.throttle.decryptRate',
      'api.throttle.rate',
      'decryption.max',
    ]);
    // As docs/configuration.md has them.
    expect([decryptRate, rate, instances].map(({ byDefault, most }) => [byDefault, most])).toEqual([
      [20, 10_000],
      [100, 10_000],
      [6, 200],
    ]);
    const [first] = /^- .*$/m.exec(text.split('### What binds first')[1] ?? '') ?? [];
    expect(first).toMatch(
      /`api\.throttle\.decryptRate` lets 20 .* `api\.throttle\.rate` 100 .* `decryption\.max` allows 6/,
    );
    expect(step('10')).not.toContain('settings');
    expect(step('100')).toContain(
      '`api.throttle.decryptRate` from 20 to 100; `api.throttle.rate` of 100 is reached.',
    );
    // Ten instances, and one for a rollout.
    expect(step('1,000')).toContain('`decryption.max` from 6 to 11.');
    expect(step('100,000')).toContain('`decryption.max` from 6 to 1,001 (one deployment takes 200 at most).');
  });

  it('names a quota that a step reaches to the last, and the Region whose quotas they are', () => {
    // 10,000 by 4 write units each are all of 40,000; at 100 creates a second KMS has no pair more.
    expect(step('10,000')).toContain('DynamoDB, write units of a table (reached)');
    expect(step('100')).toContain('As many creates: KMS, GenerateDataKeyPair on P-384 (reached).');
    expect(text).toMatch(/### What to do at each step\n.*in us-east-1/);
  });

  it('says how many deployments a step takes by each setting, and that they share most quotas', () => {
    expect(step('10,000')).not.toContain('deployments');
    expect(step('10,000')).toContain('CloudWatch Logs, PutLogEvents (2 times the quota)');
    // By their processors 400, of which one deployment has 199.
    expect(step('100,000')).toContain(
      '**That is 10 deployments** of 10,000 a second each: `api.throttle` needs 10 deployments, `decryption.max` alone 6 (3 with `decryption.rate` raised). By default quotas they take 20 accounts or Regions, as CloudWatch Logs, PutLogEvents bounds each',
    );
    expect(text).toContain(
      'A quota of **KMS, Lambda, API Gateway, CloudWatch Logs** is of an account and Region',
    );
    expect(text).toContain('Those of **DynamoDB** are of a table');
  });

  it('counts one as one, and says of a quota that it is reached or exceeded', () => {
    expect(text).toContain('| 1 decryption | any |');
    expect(text).toContain('| 10 decryptions | any |');
    expect(text).toContain('| 1 create | any |');
    expect(text).toMatch(/\| 1,000 decryptions, 95 % from the cache \|/);
    expect(text).not.toMatch(/used up|\| 1 (?:decryptions|creates)/);
    expect(step('1,000')).toContain(
      'As many creates: KMS, GenerateDataKeyPair on P-384 (10 times the quota).',
    );
  });

  it('says at which step what is to be done, from the same figures', () => {
    expect(text).toContain('**One record** takes at most 250 decryptions a second by the quota');
    expect(text).toContain('fewer, by the time of a transaction each');
    expect(text).toMatch(
      /\*\*1,000 a second\*\*: 10 instances by the default `decryption\.rate`; with it raised, about 4 by their processors/,
    );
    expect(text).toMatch(/\*\*100 a second\*\*: 2 instances. No default quota is reached/);
    expect(text).toMatch(
      /\*\*100,000 a second\*\*:.*DynamoDB, write units of a table \(10 times the quota\)/,
    );
    // Beside the dollars: the number of instances, and for how many records a row holds.
    expect(text).toContain(
      '| requests a second | records in use, at most | instances | $ instances | $ KMS |',
    );
    expect(text).toMatch(/\| 1,000 decryptions \| any \| 10 \| 1,000 \| 7,900 \|/);
    expect(text).toMatch(/\| 1,000 decryptions, 95 % from the cache \| about 310 \| 10 \|/);
    // What binds first, before the table that has all of them.
    expect(text).toMatch(
      /\*\*decryptions\*\* meet first, in eu-central-1: DynamoDB, a new table .* at 1,000 a second; of a table that has grown: CloudWatch Logs, PutLogEvents, at 5,000/,
    );
    expect(text).toMatch(/\*\*Creates\*\* meet first: KMS, GenerateDataKeyPair on P-384, at 100 a second/);
    expect(text).toContain('about 19 reads a minute of each record in each enclave');
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });
});
