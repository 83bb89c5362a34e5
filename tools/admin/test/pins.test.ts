// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PolicyDocument } from '@enclave-vault/policies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policyOf } from '../src/dev/keys.ts';
import { admit, type Measured } from '../src/dev/measurements.ts';
import { readPins, writePins } from '../src/dev/pins.ts';
import { decideTrust, type Found } from '../src/dev/trust.ts';

const measured = (digit: string): Measured => {
  const value = digit.repeat(96);
  return { pcr0: value, pcr1: value, pcr2: value, pcr3: value, pcr8: value, pcr16: value };
};
const [ours, theirs] = [measured('a'), measured('b')];
const pins = admit(ours, null);
const ALL = ['PCR0', 'PCR1', 'PCR2', 'PCR3', 'PCR8', 'PCR16'];

const whole = policyOf('vault', pins);
const none = policyOf('vault', null);
const without = (sid: string): PolicyDocument => ({
  ...whole,
  Statement: whole.Statement.filter(({ Sid }) => !Sid.startsWith(sid)),
});
/** A vault that has been running, started with another program. */
const found = (given: Partial<Found> = {}): Found => ({
  ...{ pins, policy: whole, isNew: false, measured: theirs, accept: false },
  ...given,
});

describe('what a start trusts', () => {
  it('is what it finds, at the first one', () => {
    const first = { pins: undefined, policy: none, isNew: true };
    expect(decideTrust(found(first))).toEqual({
      ...{ trusted: admit(theirs, null), pinned: null, from: 'first_start', differing: [] },
    });
  });

  it.each([
    ['as it was', whole],
    ['without its Denies of attestation', without('DenyWithoutPCR')],
    ['without one of them', without('DenyWithoutPCR16')],
    ['as of a key just made', none],
    ['which names the other program instead', policyOf('vault', admit(theirs, null))],
    ['which is empty', { ...whole, Statement: [] }],
  ])('is what is pinned, under a key policy %s', (_what, policy) => {
    const trust = decideTrust(found({ policy }));
    expect(trust).toEqual({ trusted: pins, pinned: pins, from: 'pins', differing: ALL });
  });

  it.each([
    ['all Denies of attestation are gone', undefined, without('DenyWithoutPCR')],
    ['one of them is', undefined, without('DenyWithoutPCR2')],
    ['the policy is as of a key just made', undefined, none],
    ['the file is damaged', null, without('DenyWithoutPCR')],
    ['the file is damaged and the policy whole', null, whole],
  ])(
    'is nothing for a vault with a store and no pins, when %s, until somebody says so',
    (_what, kept, policy) => {
      expect(() => decideTrust(found({ pins: kept, policy }))).toThrow(
        expect.objectContaining({ code: 'pins_unreadable' }),
      );
      expect(decideTrust(found({ pins: kept, policy, accept: true }))).toEqual({
        ...{ trusted: admit(theirs, null), pinned: null, from: 'word', differing: [] },
      });
    },
  );

  it('is not a first start that somebody made by a damaged file', () => {
    expect(() => decideTrust(found({ pins: null, policy: none, isNew: true }))).toThrow('cannot be read');
  });

  it('is what the policy has, for a folder of a version that kept it there alone', () => {
    const old = { pins: undefined, policy: whole };
    expect(decideTrust(found(old))).toMatchObject({ trusted: pins, from: 'key_policy', differing: ALL });
    expect(decideTrust(found({ ...old, measured: ours }))).toMatchObject({ trusted: pins, differing: [] });
  });

  it('is both programs once the other one is accepted', () => {
    const both = { pcr0: [ours.pcr0, theirs.pcr0], pcr16: [ours.pcr16, theirs.pcr16] };
    expect(decideTrust(found({ accept: true }))).toMatchObject({ trusted: both, differing: ALL });
  });
});

describe('the file of pins', () => {
  let folder: string;
  let file: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pins-'));
    file = join(folder, 'pinned.json');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is not there before it is written, and holds what was written, for its owner alone', () => {
    expect(readPins(file)).toBeUndefined();
    writeFileSync(file, '', { mode: 0o644 });
    writePins(file, admit(theirs, pins));
    expect(readPins(file)).toEqual(admit(theirs, pins));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['pinned.json']);
  });

  const good = { version: 1, ...pins };
  it.each([
    ['nothing', ''],
    ['half of it', JSON.stringify(good).slice(0, 400)],
    ['a list', '[]'],
    ['null', 'null'],
    ['another version', JSON.stringify({ ...good, version: 2 })],
    ['a register too few', JSON.stringify({ ...good, pcr16: undefined })],
    ['a register too many', JSON.stringify({ ...good, pcr4: good.pcr0 })],
    ['no value of one', JSON.stringify({ ...good, pcr3: [] })],
    ['a text in place of a list', JSON.stringify({ ...good, pcr3: good.pcr3[0] })],
    ['a value that matches more than one', JSON.stringify({ ...good, pcr0: ['*'] })],
    ['the zeros of a debug enclave', JSON.stringify({ ...good, pcr0: ['0'.repeat(96)] })],
    ['a megabyte more', JSON.stringify(good) + ' '.repeat(1 << 20)],
  ])('is not read when it holds %s', (_what, text) => {
    writePins(file, pins);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(good);
    writeFileSync(file, text);
    expect(readPins(file)).toBeNull();
  });
});
