// SPDX-License-Identifier: Apache-2.0
/** Inputs to start from that several targets share. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CborValue, encodeCbor } from '@enclave-vault/codec';

export const VECTORS = join(import.meta.dirname, '../../vectors');
export const fromHex = (hex: string): Buffer => Buffer.from(hex, 'hex');
export const vector = (name: string): Buffer => readFileSync(join(VECTORS, name));
export const jsonVector = <T>(name: string): T => JSON.parse(vector(name).toString('utf8')) as T;

const VALUES: readonly CborValue[] = [
  0,
  -1,
  23,
  24,
  256,
  65_536,
  2 ** 53 - 1,
  2n ** 64n - 1n,
  -(2n ** 64n),
  '',
  'text',
  '\u{1f600}é',
  Buffer.alloc(0),
  Buffer.alloc(300, 7),
  null,
  true,
  false,
  [],
  [1, [2, [3, []]]],
  new Map(),
  new Map<string | number, CborValue>([
    ['a', 1],
    [-1, 'b'],
    ['bb', new Map([[1, Buffer.of(1)]])],
  ]),
];

export const cborSamples = (): Buffer[] => [
  ...VALUES.map((value) => encodeCbor(value)),
  encodeCbor([...VALUES]),
];

export const derSamples = (): Buffer[] => [
  ...[
    '3000',
    '0101ff',
    '020100',
    '0500',
    '06092a864886f70d010703',
    '3009020101a003020102',
    '310a0c0161130162160163',
  ].map(fromHex),
  Buffer.concat([fromHex('308200820481'), Buffer.of(0x7f), Buffer.alloc(127, 1)]),
  Buffer.concat([fromHex('30820104'), fromHex('04820100'), Buffer.alloc(256, 2)]),
  fromHex('300a30083006300430020500'),
];

export const ber = (): Buffer[] =>
  jsonVector<readonly { cms: string }[]>('kms-ciphertext-for-recipient.json').map(({ cms }) => fromHex(cms));
