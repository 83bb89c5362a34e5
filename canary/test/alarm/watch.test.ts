// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { CanaryWatch, figuresOf } from '../../src/alarm/index.ts';
import type { Reading, Verdict } from '../../src/index.ts';
import { worstOf } from '../../src/index.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const reading = (outcome: Verdict, probe = 'vault.decrypt', reason = 'key_policy'): Reading => ({
  probe,
  outcome,
  reason,
});
const GOOD = [reading('ExpectedDenied'), reading('AsDeployed', 'vault.policy', 'same_statements')];
const watching = (...places: string[]) => new CanaryWatch(places.length > 0 ? places : ['local'], MINUTE, 0);

describe('a watch of canaries', () => {
  it('misses no run before it is told to begin, and then as ever', () => {
    const watch = new CanaryWatch(['local', 'parent'], MINUTE, Number.POSITIVE_INFINITY);
    watch.take('parent', GOOD, 0);
    expect(watch.alarm(2 * MINUTE)).toBeUndefined();
    watch.begin(2 * MINUTE);
    watch.take('parent', GOOD, 4 * MINUTE);
    expect(watch.alarm(5 * MINUTE)).toBeUndefined();
    expect(watch.alarm(5 * MINUTE + 1)).toMatchObject({ state: 'Silent', silent: ['local'] });
  });

  it('says nothing while all is well, however long', () => {
    const watch = watching();
    for (let at = 0; at < 3 * HOUR; at += MINUTE) {
      watch.take('local', GOOD, at);
      expect(watch.alarm(at)).toBeUndefined();
    }
  });

  it('says at the first run that something is wrong, then hourly while it is, and once that it is over', () => {
    const watch = watching();
    const bad = [...GOOD, reading('UnexpectedAllow', 'vault.make_pair', 'would_succeed')];
    const said: [number, string, boolean][] = [];
    for (let minute = 0; minute < 150; minute += 1) {
      const now = minute * MINUTE;
      watch.take('local', minute < 140 ? bad : GOOD, now);
      const alarm = watch.alarm(now);
      if (alarm !== undefined) said.push([minute, alarm.state, alarm.repeated]);
    }
    expect(said).toEqual([
      [0, 'UnexpectedAllow', false],
      [60, 'UnexpectedAllow', true],
      [120, 'UnexpectedAllow', true],
      [140, 'Good', false],
    ]);
  });

  it('says again at once when it is something else that is wrong', () => {
    const watch = watching();
    const states = [
      reading('CanaryError', 'vault.decrypt', 'ECONNREFUSED'),
      reading('CanaryError', 'vault.decrypt', 'ThrottlingException'),
      reading('PolicyDrift', 'vault.policy', 'missing DenyGrants'),
      reading('UnexpectedAllow', 'vault.decrypt', 'done'),
      reading('PolicyDrift', 'vault.policy', 'missing DenyGrants'),
    ];
    const told = states.map((one, at) => {
      watch.take('local', [one], at);
      const alarm = watch.alarm(at);
      return [alarm?.state, alarm?.was, alarm?.readings[0]?.reason];
    });
    expect(told).toEqual([
      ['CanaryError', 'Good', 'ECONNREFUSED'],
      ['CanaryError', 'CanaryError', 'ThrottlingException'],
      ['PolicyDrift', 'CanaryError', 'missing DenyGrants'],
      ['UnexpectedAllow', 'PolicyDrift', 'done'],
      ['PolicyDrift', 'UnexpectedAllow', 'missing DenyGrants'],
    ]);
  });

  it('takes the worst of several, and of several places', () => {
    const watch = watching('local', 'parent');
    watch.take('local', [reading('CanaryError'), reading('PolicyDrift')], 1);
    watch.take('parent', [reading('UnexpectedAllow')], 1);
    expect(watch.alarm(1)).toMatchObject({
      state: 'UnexpectedAllow',
      readings: [{ place: 'local' }, { place: 'local' }, { place: 'parent' }],
    });
    expect(worstOf([reading('CanaryError'), reading('PolicyDrift')])).toBe('PolicyDrift');
    expect(worstOf(GOOD)).toBeUndefined();
  });

  it('misses a place of which nothing comes, from the start or any more, and a run without readings is nothing', () => {
    const watch = watching('local', 'parent');
    for (let at = 0; at <= 3 * MINUTE; at += MINUTE) {
      watch.take('local', GOOD, at);
      watch.take('parent', [], at);
      expect(watch.alarm(at)).toBeUndefined();
    }
    watch.take('local', GOOD, 3 * MINUTE + 1);
    expect(watch.alarm(3 * MINUTE + 1)).toMatchObject({ state: 'Silent', silent: ['parent'] });
    watch.take('parent', GOOD, 4 * MINUTE);
    expect(watch.alarm(4 * MINUTE)).toMatchObject({ state: 'Good', was: 'Silent' });
    expect(watch.alarm(10 * MINUTE)).toMatchObject({ state: 'Silent', silent: ['local', 'parent'] });
  });

  it('of no readings at all nothing is known', () => {
    expect(worstOf([])).toBe('CanaryError');
  });
});

describe('figures', () => {
  it('have every outcome, zeros too, and an age that grows when nothing comes', () => {
    const watch = watching();
    watch.take('local', GOOD, 0);
    watch.take('local', [reading('PolicyDrift', 'vault.policy', 'added "}Hostile\n')], MINUTE);
    const at = (now: number) => figuresOf(watch, now).split('\n');
    expect(at(2 * MINUTE)).toEqual(
      expect.arrayContaining([
        'enclave_vault_canary_up 1',
        'enclave_vault_canary_runs_total{place="local"} 2',
        'enclave_vault_canary_last_run_age_seconds{place="local"} 60',
        'enclave_vault_canary_silent{place="local"} 0',
        'enclave_vault_canary_outcome{place="local",outcome="UnexpectedAllow"} 0',
        'enclave_vault_canary_outcome{place="local",outcome="PolicyDrift"} 1',
        'enclave_vault_canary_outcome{place="local",outcome="AsDeployed"} 0',
        'enclave_vault_canary_readings_total{place="local",probe="vault.decrypt",outcome="ExpectedDenied"} 1',
        'enclave_vault_canary_readings_total{place="local",probe="vault.policy",outcome="PolicyDrift"} 1',
      ]),
    );
    expect(at(10 * MINUTE)).toContain('enclave_vault_canary_last_run_age_seconds{place="local"} 540');
    expect(at(10 * MINUTE)).toContain('enclave_vault_canary_silent{place="local"} 1');
    // What a statement is called is somebody else's text: it is in the log alone.
    expect(figuresOf(watch, 0)).not.toContain('Hostile');
    for (const line of at(0).filter((one) => one !== ''))
      expect(line).toMatch(
        /^# (HELP|TYPE) |^enclave_vault_canary_[a-z_]+(\{[a-z]+="[\w.:-]+"(,[a-z]+="[\w.:-]+")*\})? \d+(\.\d+)?$/,
      );
  });
});
