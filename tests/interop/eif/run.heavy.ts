// SPDX-License-Identifier: Apache-2.0
/**
 * Our reader of enclave image files against AWS's own code: its tool eif_build, and the library that nitro-cli is made with. Images of both
 * architectures, of one to four ramdisks of random sizes, unsigned, signed when they are built and signed later, on three curves; and images of our
 * own writer read by theirs. `npx node tests/interop/eif/run.heavy.ts` prints a line for each difference, and `N passed, N failed`.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { EifError, readEif } from '@enclave-vault/eif';
import {
  SAMPLE,
  type Signer,
  sectionsOf,
  signed,
  signer,
  writeEif,
  writeSections,
} from '../../../verifier/eif/test/write-eif.ts';
import { prepareRust, type Tools } from './rust.ts';

const MAIN = join(import.meta.dirname, '../../../tools/admin/bin/enclave-vault.mjs');
const COMMAND_LINE = 'reboot=k panic=30 pci=off nomodules console=ttyS0 random.trust_cpu=on root=/dev/ram0';
const CURVES = { prime256v1: -7, secp384r1: -35, secp521r1: -36 } as const;

const folder = mkdtempSync(join(tmpdir(), 'eif-interop-'));
const path = (name: string): string => join(folder, name);

let [passed, failed] = [0, 0];
function check(name: string, found: unknown, expected: unknown): void {
  if (isDeepStrictEqual(found, expected)) passed += 1;
  else {
    failed += 1;
    console.log(`${name}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
  }
}

/** Registers as AWS's tools print them, and what else both sides know. */
async function ours(file: string): Promise<unknown> {
  try {
    const eif = await readEif(createReadStream(file));
    const registers = [...eif.pcrs].map(([index, value]) => [`PCR${index}`, value.toString('hex')] as const);
    return {
      ...Object.fromEntries(registers),
      arm64: eif.architecture === 'aarch64',
      signed: eif.signature !== null,
    };
  } catch (error) {
    if (error instanceof EifError) return error.code;
    throw error;
  }
}

type Json = Readonly<Record<string, unknown>>;

function theirs(command: string, args: readonly string[]): Json {
  const output = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(output.slice(output.indexOf('{'))) as Json;
}

/** Without the name of the hash, which differs from version to version. */
function registersOf({ measurements }: Json): Json {
  const { HashAlgorithm: _, ...registers } = measurements as Json;
  return registers;
}

interface Case {
  readonly name: string;
  readonly arm64: boolean;
  readonly ramdisks: number;
  readonly curve: keyof typeof CURVES | null;
}

function cases(): Case[] {
  return [false, true].flatMap((arm64) =>
    ([null, 'prime256v1', 'secp384r1', 'secp521r1'] as const).flatMap((curve) =>
      [1, 2, 4].map((ramdisks) => ({
        name: `${arm64 ? 'aarch64' : 'x86_64'}, ${ramdisks} ramdisks, ${curve ?? 'unsigned'}`,
        arm64,
        ramdisks,
        curve,
      })),
    ),
  );
}

function writeKey({ key, pem }: Signer): { certificate: string; key: string } {
  // The SEC1 form is what the library's documentation makes keys in.
  writeFileSync(path('key.pem'), key.export({ format: 'pem', type: 'sec1' }));
  writeFileSync(path('certificate.pem'), pem);
  return { certificate: path('certificate.pem'), key: path('key.pem') };
}

async function builtByThem({ eifBuild, peer }: Tools, { name, arm64, ramdisks, curve }: Case): Promise<void> {
  writeFileSync(path('kernel'), randomBytes(randomInt(1, 400_000)));
  const disks = Array.from({ length: ramdisks }, (_, index) => {
    writeFileSync(path(`ramdisk${index}`), randomBytes(randomInt(0, 300_000)));
    return path(`ramdisk${index}`);
  });
  const arch = arm64 ? 'aarch64' : 'x86_64';
  const by = curve === null ? null : writeKey(signer(curve, Date.now() - 60_000));
  const expected = ({ HashAlgorithm: _, ...registers }: Json) => ({
    ...registers,
    arm64,
    signed: by !== null,
  });

  const file = path('image.eif');
  const signing = by === null ? [] : ['--signing-certificate', by.certificate, '--private-key', by.key];
  const named = [
    '--arch',
    arch,
    '--kernel',
    path('kernel'),
    '--cmdline',
    COMMAND_LINE,
    '--output',
    file,
    ...signing,
  ];
  const printed = theirs(eifBuild, [...named, ...disks.flatMap((disk) => ['--ramdisk', disk])]);
  check(`${name}: eif_build`, await ours(file), expected(printed));
  check(
    `${name}: eif_build, to the library`,
    registersOf(theirs(peer, ['describe', file])),
    registersOf({ measurements: printed }),
  );

  if (ramdisks === 2) {
    const command = theirs(process.execPath, [MAIN, 'measure', file, '--json']);
    const same = Object.fromEntries(Object.keys(printed).map((member) => [member, command[member]]));
    check(`${name}: the command prints as eif_build`, same, printed);
  }

  const pair = by === null ? ['-', '-'] : [by.certificate, by.key];
  const built = theirs(peer, ['build', arch, path('kernel'), COMMAND_LINE, file, ...pair, ...disks]);
  check(`${name}: library`, await ours(file), expected(built));

  if (by !== null) {
    theirs(peer, ['build', arch, path('kernel'), COMMAND_LINE, file, '-', '-', ...disks]);
    theirs(peer, ['sign', file, by.certificate, by.key]);
    check(`${name}: signed later`, await ours(file), expected(built));
    // By another certificate, in place of the first: the library leaves the first one's size in the header's table.
    const other = writeKey(signer(curve ?? 'secp384r1', Date.now() - 60_000));
    theirs(peer, ['sign', file, other.certificate, other.key]);
    const { measurements } = theirs(peer, ['describe', file]);
    const again = agrees(file) ? expected(measurements as Json) : 'section_table_mismatch';
    check(`${name}: signed again`, await ours(file), again);
  }
}

/** Whether the last section ends where the header's table has it. */
function agrees(file: string): boolean {
  const bytes = readFileSync(file);
  const last = bytes.readUInt16BE(26) - 1;
  const end = bytes.readBigUInt64BE(28 + 8 * last) + 12n + bytes.readBigUInt64BE(284 + 8 * last);
  return end === BigInt(bytes.length);
}

async function builtByUs({ peer }: Tools, { name, arm64, ramdisks, curve }: Case): Promise<void> {
  const image = {
    ...SAMPLE,
    arm64,
    metadata: Buffer.from(JSON.stringify(METADATA)),
    ramdisks: Array.from({ length: ramdisks }, () => randomBytes(randomInt(0, 200_000))),
  };
  const by = curve === null ? null : signer(curve, Date.now() - 60_000);
  const algorithm = curve === null ? -35 : CURVES[curve];
  writeFileSync(path('ours.eif'), writeEif(by === null ? image : signed(image, by, { algorithm })));
  const { measurements, ...rest } = theirs(peer, ['describe', path('ours.eif')]);
  check(`${name}: ours`, await ours(path('ours.eif')), {
    ...registersOf({ measurements }),
    arm64,
    signed: by !== null,
  });
  check(`${name}: ours, to them`, rest, {
    readable: true,
    crc: true,
    arm64,
    signature: by === null ? null : true,
  });
}

const METADATA = {
  ImageName: 'ours',
  ImageVersion: '1.0',
  BuildMetadata: {
    BuildTime: '',
    BuildTool: '',
    BuildToolVersion: '',
    OperatingSystem: '',
    KernelVersion: '',
  },
  DockerInfo: null,
  CustomMetadata: null,
};

/** What ours refuses, and what theirs says of it: it checks a signature against its certificate, but not against the image. */
async function damaged({ peer }: Tools): Promise<void> {
  const key = signer('secp384r1', Date.now() - 60_000);
  const image = { ...SAMPLE, metadata: Buffer.from(JSON.stringify(METADATA)) };
  const file = writeEif(signed(image, key));
  const flipped = Buffer.from(file);
  flipped.writeUInt8(file.readUInt8(700) ^ 1, 700);
  const elsewhere = Buffer.from(signed({ ...image, ramdisks: [Buffer.of(1)] }, key).signature ?? []);
  const table: readonly [string, Buffer, string, Json][] = [
    ['a changed bit', flipped, 'crc_mismatch', { readable: true, crc: false }],
    ['no end', file.subarray(0, -1), 'truncated', { readable: false }],
    ['another magic', Buffer.concat([Buffer.from('.elf'), file.subarray(4)]), 'not_an_eif', { crc: false }],
    [
      "another image's signature",
      writeEif({ ...image, signature: elsewhere }),
      'signature_other_image',
      { signature: true },
    ],
    [
      "another's certificate",
      writeEif(signed(image, key, { certificate: [...Buffer.from(signer('secp384r1').pem)] })),
      'signature_invalid',
      { signature: false },
    ],
    [
      'no type of section',
      writeSections([...sectionsOf(image), [9, Buffer.of(1)]]),
      'section_type_unknown',
      { readable: false },
    ],
  ];
  for (const [name, bytes, code, described] of table) {
    writeFileSync(path('damaged.eif'), bytes);
    check(`${name}: ours`, await ours(path('damaged.eif')), code);
    const found = theirs(peer, ['describe', path('damaged.eif')]);
    const named = Object.fromEntries(Object.keys(described).map((member) => [member, found[member]]));
    check(`${name}: theirs`, named, described);
  }
}

const tools = prepareRust();
if ('missing' in tools) {
  console.log(`skipped: ${tools.missing}`);
} else {
  try {
    for (const each of cases()) {
      await builtByThem(tools, each);
      await builtByUs(tools, each);
    }
    await damaged(tools);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
