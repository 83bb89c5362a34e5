// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { encodeCbor } from '@enclave-vault/codec';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Attest, SecureModule } from '../../src/nsm/module.ts';
import { extendZero, Registers } from '../../src/nsm/registers.ts';
import type { AttestationFields } from '../../src/nsm/requests.ts';
import { ask, raw, refusal, refusalOf, request } from './client.ts';

const ZERO = Buffer.alloc(48);
let seen: { pcrs: ReadonlyMap<number, Buffer>; fields: AttestationFields }[];
let nsm: SecureModule;

function moduleWith(attest: Attest): SecureModule {
  const registers = new Registers(new Map([[0, extendZero('image')]]));
  return new SecureModule({ moduleId: 'i-0-enc1', registers, attest });
}

beforeEach(() => {
  seen = [];
  nsm = moduleWith(async (pcrs, fields) => {
    seen.push({ pcrs, fields });
    return Buffer.from('document');
  });
});

describe('DescribeNSM and GetRandom', () => {
  test('describes itself with 32 registers of which 0-15 are locked', async () => {
    const answer = await ask(nsm, 'DescribeNSM', 'DescribeNSM');
    expect(Object.fromEntries(answer)).toEqual({
      version_major: 1,
      version_minor: 0,
      version_patch: 0,
      module_id: 'i-0-enc1',
      max_pcrs: 32,
      locked_pcrs: Array.from({ length: 16 }, (_, index) => index),
      digest: 'SHA384',
    });
  });

  test('yields 256 bytes, others each time', async () => {
    const first = (await ask(nsm, 'GetRandom', 'GetRandom')).get('random') as Buffer;
    const second = (await ask(nsm, 'GetRandom', 'GetRandom')).get('random') as Buffer;
    expect(first).toHaveLength(256);
    expect(first.equals(second)).toBe(false);
  });
});

describe('registers', () => {
  test('the program sees what was measured, and cannot change it', async () => {
    const pcr = await ask(nsm, request('DescribePCR', { index: 0 }), 'DescribePCR');
    expect(pcr.get('lock')).toBe(true);
    expect(pcr.get('data')).toEqual(extendZero('image'));
    for (const index of [0, 3, 15]) {
      expect(await refusal(nsm, request('ExtendPCR', { index, data: Buffer.from('x') }))).toBe(
        'ReadOnlyIndex',
      );
      expect(await refusal(nsm, request('LockPCR', { index }))).toBe('ReadOnlyIndex');
    }
  });

  test('a user register chains SHA-384 over its extensions until it is locked', async () => {
    const one = createHash('sha384').update(ZERO).update('a').digest();
    const two = createHash('sha384').update(one).update('b').digest();
    const extend = async (data: string) =>
      (await ask(nsm, request('ExtendPCR', { index: 16, data: Buffer.from(data) }), 'ExtendPCR')).get('data');
    expect(await extend('a')).toEqual(one);
    expect(await extend('b')).toEqual(two);
    expect(await raw(nsm, request('LockPCR', { index: 16 }))).toBe('LockPCR');
    const late = request('ExtendPCR', { index: 16, data: Buffer.from('c') });
    expect(await refusal(nsm, late)).toBe('ReadOnlyIndex');
    const pcr = await ask(nsm, request('DescribePCR', { index: 16 }), 'DescribePCR');
    expect(pcr.get('data')).toEqual(two);
    expect(pcr.get('lock')).toBe(true);
  });

  test('LockPCRs locks all below its range, and takes 32 as the end', async () => {
    expect(await raw(nsm, request('LockPCRs', { range: 18 }))).toBe('LockPCRs');
    const locked = (await ask(nsm, 'DescribeNSM', 'DescribeNSM')).get('locked_pcrs');
    expect(locked).toEqual(Array.from({ length: 18 }, (_, index) => index));
    expect(await raw(nsm, request('LockPCRs', { range: 32 }))).toBe('LockPCRs');
    expect(await refusal(nsm, request('ExtendPCR', { index: 31, data: ZERO }))).toBe('ReadOnlyIndex');
  });

  test('there is no register 32', async () => {
    expect(await refusal(nsm, request('DescribePCR', { index: 32 }))).toBe('InvalidIndex');
    expect(await refusal(nsm, request('ExtendPCR', { index: 65535, data: ZERO }))).toBe('InvalidIndex');
    expect(await refusal(nsm, request('LockPCR', { index: 32 }))).toBe('InvalidIndex');
    expect(await refusal(nsm, request('LockPCRs', { range: 33 }))).toBe('InvalidIndex');
  });
});

describe('Attestation', () => {
  test('hands on the fields, and the locked registers only', async () => {
    await raw(nsm, request('ExtendPCR', { index: 16, data: Buffer.from('configuration') }));
    await raw(nsm, request('ExtendPCR', { index: 17, data: Buffer.from('unlocked') }));
    await raw(nsm, request('LockPCR', { index: 16 }));
    const answer = await ask(
      nsm,
      request('Attestation', { user_data: Buffer.from('u'), nonce: null, public_key: Buffer.alloc(1024, 1) }),
      'Attestation',
    );
    expect(answer.get('document')).toEqual(Buffer.from('document'));
    expect(seen[0]?.fields).toMatchObject({
      userData: Buffer.from('u'),
      nonce: null,
      publicKey: Buffer.alloc(1024, 1),
    });
    expect([...(seen[0]?.pcrs.keys() ?? [])]).toEqual(Array.from({ length: 17 }, (_, index) => index));
    expect(seen[0]?.pcrs.get(16)).toEqual(extendZero('configuration'));
    expect(seen[0]?.pcrs.get(1)).toEqual(ZERO);
  });

  test('fields may be left out', async () => {
    await ask(nsm, request('Attestation', {}), 'Attestation');
    expect(seen[0]?.fields).toMatchObject({ userData: null, nonce: null, publicKey: null });
  });

  test.each([
    ['user_data', 512],
    ['nonce', 512],
    ['public_key', 1024],
  ])('%s has at most %i bytes', async (name, limit) => {
    await ask(nsm, request('Attestation', { [name]: Buffer.alloc(limit) }), 'Attestation');
    expect(await refusal(nsm, request('Attestation', { [name]: Buffer.alloc(limit + 1) }))).toBe(
      'InputTooLarge',
    );
  });

  test('an answer above 12288 bytes does not fit the buffer of the device', async () => {
    const big = moduleWith(async () => Buffer.alloc(12_288));
    expect(await refusal(big, request('Attestation', {}))).toBe('BufferTooSmall');
    // {Attestation: {document: bytes}} adds 26 bytes.
    const just = moduleWith(async () => Buffer.alloc(12_288 - 26));
    expect(await just.handle(encodeCbor(request('Attestation', {})))).toHaveLength(12_288);
  });

  test('what fails inside says no more than that', async () => {
    const broken = moduleWith(async () => {
      throw new Error('the key is 42');
    });
    const answer = await broken.handle(encodeCbor(request('Attestation', {})));
    expect(refusalOf(answer)).toBe('InternalError');
    expect(answer.includes('42')).toBe(false);
  });
});

describe('requests that are none', () => {
  test.each([
    ['another name', 'DescribeAll'],
    ['a name that wants arguments', 'Attestation'],
    ['arguments where there are none', request('GetRandom', {})],
    ['a number', 7],
    ['an array', ['DescribeNSM']],
    ['an empty map', new Map()],
    [
      'two requests',
      new Map([
        ['DescribePCR', new Map([['index', 0]])],
        ['LockPCR', new Map([['index', 0]])],
      ]),
    ],
    ['a number as name', new Map([[1, new Map()]])],
  ])('%s: InvalidOperation', async (_, body) => {
    expect(await refusal(nsm, body)).toBe('InvalidOperation');
  });

  test.each([
    ['no index', request('DescribePCR', {})],
    ['an index of text', request('DescribePCR', { index: '0' })],
    ['a negative index', request('DescribePCR', { index: -1 })],
    ['an index beyond 16 bits', request('LockPCR', { index: 65_536 })],
    ['an index beyond 53 bits', request('LockPCR', { index: 2n ** 60n })],
    ['an unknown argument', request('LockPCR', { index: 16, force: true })],
    ['no data', request('ExtendPCR', { index: 16 })],
    ['null data', request('ExtendPCR', { index: 16, data: null })],
    ['text as data', request('ExtendPCR', { index: 16, data: 'x' })],
    ['text as nonce', request('Attestation', { nonce: 'x' })],
    ['a body that is no map', new Map([['LockPCR', 16]])],
  ])('%s: InvalidArgument', async (_, body) => {
    expect(await refusal(nsm, body)).toBe('InvalidArgument');
  });

  test('bytes that are no CBOR, none at all, and more than one item', async () => {
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.of(0xff),
      Buffer.concat([encodeCbor('GetRandom'), Buffer.of(0)]),
    ]) {
      expect(refusalOf(await nsm.handle(bytes))).toBe('InvalidOperation');
    }
  });

  test('4096 bytes are taken, one more is not', async () => {
    const sized = (length: number) =>
      encodeCbor(request('ExtendPCR', { index: 16, data: Buffer.alloc(length) }));
    const overhead = sized(4000).length - 4000;
    expect(sized(4096 - overhead)).toHaveLength(4096);
    expect((await nsm.handle(sized(4096 - overhead))).length).toBeGreaterThan(48);
    expect(refusalOf(await nsm.handle(sized(4097 - overhead)))).toBe('InputTooLarge');
  });

  test('no bytes bring it down, or make it sign', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
        refusalOf(await nsm.handle(bytes));
      }),
      { numRuns: 200 },
    );
    expect(seen).toEqual([]);
  });
});

test('registers of the hypervisor are 0-15, of 48 bytes', () => {
  expect(() => new Registers(new Map([[16, ZERO]]))).toThrow(RangeError);
  expect(() => new Registers(new Map([[0, Buffer.alloc(32)]]))).toThrow(RangeError);
});
