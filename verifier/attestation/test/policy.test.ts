// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { AttestationErrorCode, VerifyOptions } from '../src/index.ts';
import { AT, documentOf, expectRefusal, hex, measured, verify } from './support.ts';

const without = (...registers: number[]) =>
  new Map([...measured].filter(([register]) => !registers.includes(register)));
const zeroed = (...registers: number[]) =>
  new Map(
    [...measured].map(([register, value]) => [
      register,
      registers.includes(register) ? Buffer.alloc(48) : value,
    ]),
  );

describe('registers', () => {
  const imageA = { 0: [hex(0xa0)], 1: [hex(0xa1)], 2: [hex(0xa2)] };
  const imageB = { 0: [hex(0xb0)], 1: [hex(0xb1)], 2: [hex(0xb2)] };

  it.each<[string, VerifyOptions['pcrs']]>([
    ['one policy', imageA],
    ['a policy that names one register', { 3: [hex(0xa3)] }],
    ['several values in a register', { 0: [hex(0xb0), hex(0xa0)], 3: [hex(1), hex(0xa3)] }],
    ['one of several policies', [imageB, imageA]],
    ['a policy that names no register of the image and one of several', [{ 31: [hex(31)] }, imageA]],
    ['a register that is zero, outside of 0 to 2', { 8: [hex(0)] }],
  ])('are taken by %s', (_what, pcrs) => {
    expect(verify(documentOf(), { pcrs }).timestamp).toBe(AT);
  });

  it.each<[string, VerifyOptions['pcrs'], AttestationErrorCode, number[]]>([
    ['another image', imageB, 'pcr_mismatch', [0, 1, 2]],
    ['one register that differs', { ...imageA, 3: [hex(3)] }, 'pcr_mismatch', [3]],
    [
      'no policy of several, naming what differs from the closest',
      [imageB, { ...imageA, 3: [hex(3)] }],
      'pcr_mismatch',
      [3],
    ],
    [
      'parts of two policies',
      [
        { ...imageA, 1: [hex(0xb1)] },
        { ...imageB, 1: [hex(0xa1)] },
      ],
      'pcr_mismatch',
      [1],
    ],
    ['a register that the document has not', { ...imageA, 16: [hex(16)] }, 'pcr_missing', [16]],
    ['an empty list of values', { 0: [] }, 'pcr_mismatch', [0]],
    ['an empty list of policies', [], 'pcr_mismatch', []],
  ])('are refused for %s', (_what, pcrs, code, registers) => {
    expect(() => verify(documentOf(), { pcrs })).toThrow(expect.objectContaining({ code, pcrs: registers }));
  });

  it('that are missing count once in what is closest', () => {
    const policies = [
      { ...imageA, 16: [hex(16)] },
      { ...imageA, 3: [hex(3)] },
    ];
    const closest = expect.objectContaining({ code: 'pcr_missing', pcrs: [16] });
    expect(() => verify(documentOf(), { pcrs: policies })).toThrow(closest);
  });

  it('with a byte of zero among others are no debug mode', () => {
    const value = Buffer.alloc(48, 0xa0);
    value[7] = 0;
    expect(verify(documentOf({ pcrs: new Map([...measured, [0, value]]) })).pcrs.get(0)).toEqual(value);
  });

  it('are named in the message, and where none is concerned there is none', () => {
    expect(() => verify(documentOf(), { pcrs: imageB })).toThrow(/^pcr_mismatch: PCR 0, 1, 2$/);
    const other = expect.objectContaining({ message: 'options_invalid', pcrs: [] });
    expect(() => verify(documentOf(), { pcrs: {} })).toThrow(other);
  });

  it.each([0, 1, 2])('must include %i, policy or not', (register) => {
    expectRefusal('pcr_missing', documentOf({ pcrs: without(register) }));
    expectRefusal('pcr_missing', documentOf({ pcrs: without(register) }), { pcrs: { 3: [hex(0xa3)] } });
  });
  it('must include what is required', () => {
    expect(verify(documentOf({ pcrs: without(8) })).timestamp).toBe(AT);
    expectRefusal('pcr_missing', documentOf({ pcrs: without(8) }), { requirePcrs: [8] });
    expectRefusal('pcr_missing', documentOf(), { requirePcrs: [3, 16] });
  });
  it.each([[0], [1], [2], [0, 1, 2]])('of an enclave in debug mode are refused: %s', (...registers) => {
    const document = documentOf({ pcrs: zeroed(...registers) });
    expect(() => verify(document)).toThrow(expect.objectContaining({ code: 'debug_mode', pcrs: registers }));
    expectRefusal('debug_mode', document, { pcrs: { 0: [hex(0)], 1: [hex(0)], 2: [hex(0)] } });
  });
});

describe('age', () => {
  it.each<[string, number, Partial<VerifyOptions>]>([
    ['as old as allowed', AT, { at: AT + 60_000, maxAgeMs: 60_000 }],
    ['old, where no age was asked for', AT, { at: AT + 10_800_000 }],
    ['ahead of the clock by a minute', AT + 60_000, {}],
    ['judged by a Date', AT, { at: new Date(AT), maxAgeMs: 0 }],
  ])('is taken %s', (_what, timestamp, options) => {
    expect(verify(documentOf({ timestamp }), options).timestamp).toBe(timestamp);
  });
  it.each<[string, number, Partial<VerifyOptions>, AttestationErrorCode]>([
    ['older than allowed', AT, { at: AT + 60_001, maxAgeMs: 60_000 }, 'document_stale'],
    ['ahead of the clock by more', AT + 60_001, {}, 'document_from_future'],
    [
      'ahead of the clock by more, with an age asked for',
      AT + 60_001,
      { maxAgeMs: 1e9 },
      'document_from_future',
    ],
  ])('is refused %s', (_what, timestamp, options, code) => {
    expectRefusal(code, documentOf({ timestamp }), options);
  });
});

describe.each([
  ['nonce', 'nonce_mismatch'],
  ['userData', 'user_data_mismatch'],
  ['publicKey', 'public_key_mismatch'],
] as const)('%s', (field, code) => {
  const value = Buffer.from('0123456789abcdef');
  it('is compared where it was asked for', () => {
    const document = documentOf({ [field]: value });
    expect(verify(document, { [field]: new Uint8Array(value) })[field]).toEqual(value);
    expectRefusal(code, document, { [field]: Buffer.from('0123456789abcdeF') });
    expectRefusal(code, document, { [field]: value.subarray(1) });
    expectRefusal(code, document, { [field]: Buffer.alloc(0) });
    expectRefusal(code, documentOf(), { [field]: value });
  });
});

describe('options that would switch a check off', () => {
  it.each<[string, Partial<VerifyOptions>]>([
    ['a time that is none', { at: Number.NaN }],
    ['a Date that is none', { at: new Date('never') }],
    ['a time without end', { at: Number.POSITIVE_INFINITY }],
    ['an age that is none', { maxAgeMs: Number.NaN }],
    ['an age without end', { maxAgeMs: Number.POSITIVE_INFINITY }],
    ['a negative age', { maxAgeMs: -1 }],
    ['a policy without registers', { pcrs: {} }],
    ['a policy without registers among others', { pcrs: [{ 0: [hex(0xa0)] }, {}] }],
    ['a value in upper case', { pcrs: { 0: [hex(0xa0).toUpperCase()] } }],
    ['a value of a digit more', { pcrs: { 0: [`${hex(0xa0)}0`] } }],
    ['a value after something else', { pcrs: { 0: [`x${hex(0xa0)}`] } }],
    ['a value of 32 bytes', { pcrs: { 0: ['00'.repeat(32)] } }],
    ['register 32', { pcrs: { 32: [hex(1)] } }],
    ['a requirement of register -1', { requirePcrs: [-1] }],
  ])('are refused: %s', (_what, options) => {
    expectRefusal('options_invalid', documentOf(), options);
  });
});
