// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { pcr16 as protocolPcr16 } from '@enclave-vault/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Eif, EifError, pcr3, pcr4, pcr16, readEif } from '../src/index.ts';
import { type Image, pcr0Of, register, SAMPLE, signed, signer, writeEif } from './write-eif.ts';

const P384 = signer('secp384r1');

function hex(eif: Eif): Record<number, string> {
  return Object.fromEntries([...eif.pcrs].map(([index, value]) => [index, value.toString('hex')]));
}

/** What should be measured, from the definition. */
function expected(image: Image): Record<number, string> {
  const { kernel, commandLine, ramdisks } = image;
  return {
    0: pcr0Of(image).toString('hex'),
    1: register(kernel, commandLine, ...ramdisks.slice(0, 1)).toString('hex'),
    2: register(...ramdisks.slice(1)).toString('hex'),
  };
}

describe('readEif', () => {
  test('measures a known image to known registers', async () => {
    const file = writeEif(SAMPLE);
    expect(createHash('sha256').update(file).digest('hex')).toBe(
      '165d3f0b78cfb13a09d6863107f871b00fd2657652cb618a273e6f192b735d78',
    );
    const eif = await readEif([file]);
    // As AWS's eif_build 0.2.1 prints them for these sections.
    expect(hex(eif)).toEqual({
      0: '78aeea371b9931cf3cd5e9a6958c912ae27b8ee26fa9b91ad44814ea8c959fd9ae07ca09b0fdf0b6d487c15848c17e36',
      1: '0673da8ae3dda5512c813a7c0c324db7348296a104199eb58b34b705ec5cb68745a6deff883c3ba108371dac6432654a',
      2: 'c37e08137e02fa5d411b3c14c30cf511e9353f81f5e7b550035b1824690cc129a241376bf79499bbc89ec06acaa19247',
    });
    expect(hex(eif)).toEqual(expected(SAMPLE));
  });

  test('says what is in it', async () => {
    const eif = await readEif([writeEif({ ...SAMPLE, arm64: true })]);
    expect(eif).toMatchObject({
      architecture: 'aarch64',
      defaultMemory: 1_073_741_824n,
      defaultCpus: 2n,
      commandLine: SAMPLE.commandLine.toString(),
      metadata: { ImageName: 'sample', ImageVersion: '1.0' },
      signature: null,
      sections: [
        { type: 'kernel', size: 320 },
        { type: 'command_line', size: 49 },
        { type: 'metadata', size: 43 },
        { type: 'ramdisk', size: 132 },
        { type: 'ramdisk', size: 550 },
        { type: 'ramdisk', size: 4 },
      ],
    });
    // What the file says of itself is not measured, nor is the architecture: the kernel can only be of one.
    expect(hex(eif)).toEqual(expected(SAMPLE));
    const { metadata: _, ...bare } = SAMPLE;
    expect(await readEif([writeEif(bare)])).toMatchObject({ metadata: null, architecture: 'x86_64' });
  });

  test.each([
    ['prime256v1', -7, 'ES256'],
    ['secp384r1', -35, 'ES384'],
    ['secp521r1', -36, 'ES512'],
  ])('measures the certificate of an image signed on %s', async (curve, algorithm, name) => {
    const by = signer(curve);
    const eif = await readEif([writeEif(signed(SAMPLE, by, { algorithm }))]);
    expect(eif.signature).toMatchObject({ algorithm: name, pcr8: register(by.der) });
    expect(eif.signature?.certificate.subject).toBe('CN=image signer');
    expect(hex(eif)).toEqual({ ...expected(SAMPLE), 8: register(by.der).toString('hex') });
  });

  test('takes the first certificate of a PEM file, text around it included', async () => {
    const other = signer('secp384r1');
    const pem = `subject: someone\n${P384.pem}${other.pem}`;
    const eif = await readEif([writeEif(signed(SAMPLE, P384, { certificate: [...Buffer.from(pem)] }))]);
    expect(eif.pcrs.get(8)).toEqual(register(P384.der));
  });

  test('measures any image alike, in pieces of any length', async () => {
    const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((value) => Buffer.from(value));
    const anyImage = fc.record({
      arm64: fc.boolean(),
      kernel: bytes(400),
      commandLine: fc
        .string({ unit: 'grapheme', maxLength: 40 })
        .filter((text) => !text.includes('\0'))
        .map((text) => Buffer.from(text)),
      ramdisks: fc.array(bytes(300), { minLength: 1, maxLength: 29 }),
      metadata: fc.option(
        fc.jsonValue().map((value) => Buffer.from(JSON.stringify({ value }))),
        { nil: undefined },
      ),
    });
    await fc.assert(
      fc.asyncProperty(anyImage, fc.integer({ min: 1, max: 997 }), async ({ metadata, ...rest }, length) => {
        const image: Image = metadata === undefined ? rest : { ...rest, metadata };
        const eif = await readEif(pieces(writeEif(image), length));
        expect(hex(eif)).toEqual(expected(image));
        expect(eif.architecture).toBe(image.arm64 ? 'aarch64' : 'x86_64');
      }),
      { numRuns: 60 },
    );
  });

  test('never takes a file with a changed bit, and fails by a code only', async () => {
    const file = writeEif(signed(SAMPLE, P384));
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length * 8 - 1), async (bit) => {
        const changed = Buffer.from(file);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        await expect(readEif([changed])).rejects.toThrow(EifError);
      }),
      { numRuns: 300 },
    );
  });

  test('never takes a file cut short or made longer', async () => {
    const file = writeEif(signed(SAMPLE, P384));
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), async (length) => {
        await expect(readEif([file.subarray(0, length)])).rejects.toThrow(EifError);
      }),
    );
    await expect(readEif([file, Buffer.of(0)])).rejects.toThrow(
      expect.objectContaining({ code: 'trailing_bytes' }),
    );
  });

  test('takes no bytes for an image', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
        await expect(readEif([bytes])).rejects.toThrow(EifError);
      }),
    );
  });

  test('reads 128 MB in little memory', async () => {
    const size = 128 * 1024 * 1024;
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    let given = 0;
    const file = writeEif({ ...SAMPLE, kernel: Buffer.alloc(0) });
    file.writeBigUInt64BE(BigInt(size), 284);
    file.writeBigUInt64BE(BigInt(size), 548 + 4);
    function* source() {
      yield file.subarray(0, 560);
      const piece = Buffer.alloc(1024 * 1024, 7);
      for (; given < size; given += piece.length) {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        yield piece;
      }
      yield file.subarray(560);
    }
    // The other offsets are those of an empty kernel: found once the kernel has passed.
    await expect(readEif(source())).rejects.toThrow(
      expect.objectContaining({ code: 'section_table_mismatch' }),
    );
    expect(given).toBe(size);
    expect(most).toBeLessThan(32 * 1024 * 1024);
  });

  test('lets go of its source, whatever happens', async () => {
    let closed = 0;
    async function* source(file: Buffer) {
      try {
        yield* pieces(file, 100);
      } finally {
        closed += 1;
      }
    }
    await readEif(source(writeEif(SAMPLE)));
    await expect(readEif(source(Buffer.alloc(5000)))).rejects.toThrow(EifError);
    expect(closed).toBe(2);
  });
});

describe('registers of the surroundings', () => {
  test('PCR3 and PCR4 measure the text itself', () => {
    expect(pcr3('arn:aws:iam::123456789012:role/Webserver').toString('hex')).toBe(
      '78fce75db17cd4e0a3fb8dad3ad128ca5e77edbb2b2c7f75329dccd99aa5f6ef4fc1f1a452e315b9e98f9e312e6921e6',
    );
    const id = 'i-0123456789abcdef0';
    expect(pcr4(id)).toEqual(createHash('sha384').update(Buffer.alloc(48)).update(id).digest());
  });

  test.each([
    '',
    'arn:aws:iam::123456789012:instance-profile/x',
    'arn:aws:sts::123456789012:assumed-role/x/y',
    'arn:aws:iam::12:role/x',
    'arn:aws:iam::123456789012:role/x\n',
    ' arn:aws:iam::123456789012:role/x',
    'arn:aws1:iam::123456789012:role/x',
  ])('PCR3 of %j is refused', (arn) => {
    expect(() => pcr3(arn)).toThrow(expect.objectContaining({ code: 'role_arn_invalid' }));
  });

  test.each(['arn:aws-us-gov:iam::123456789012:role/x', 'arn:aws-cn:iam::123456789012:role/p/x'])(
    'PCR3 of %j is that of the text',
    (arn) => expect(pcr3(arn)).toEqual(createHash('sha384').update(Buffer.alloc(48)).update(arn).digest()),
  );

  test('PCR4 of an instance of the first years is that of the text', () => {
    const id = 'i-0123abcd';
    expect(pcr4(id)).toEqual(createHash('sha384').update(Buffer.alloc(48)).update(id).digest());
  });

  test.each(['', 'xi-0123456789abcdef0', 'i-1234', 'I-0123456789abcdef0', 'i-0123456789abcdef0\n'])(
    'PCR4 of %j is refused',
    (id) => {
      expect(() => pcr4(id)).toThrow(expect.objectContaining({ code: 'instance_id_invalid' }));
    },
  );

  test('PCR16 is that of the protocol', () => {
    const configuration = Buffer.from('any bytes');
    expect(pcr16(configuration)).toEqual(protocolPcr16(configuration));
  });
});

function* pieces(file: Buffer, length: number): Generator<Buffer> {
  for (let at = 0; at < file.length; at += length) yield file.subarray(at, at + length);
}
