// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { imageFigures, onNitro } from '../../bench/page/enclave-image.ts';
import { section } from '../../bench/page/startup.ts';
import type { StartupResult } from '../../bench/system/sizes.ts';

const RESULT: StartupResult = {
  ...{ what: 'startup', measured: '2026-01-01T00:00:00Z', commit: '000000000000', runs: 1 },
  machine: { node: 'v24', system: '', processor: '', cores: 2, memoryGiB: 8, load: 0 },
  ...{ vault: { first: [1], again: [1] }, enclaveBoots: [600], memory: {} },
  lambda: [
    { name: 'a file', loaded: [1], answered: [2], cpu: [314, 315, 316], decrypt: [3], decryptAgain: [4] },
  ],
  sizes: [{ name: 'enclave program', bytes: 1024, gzipped: 512 }],
};

describe('The page about starts', () => {
  it('has the processor time of the function’s start', () => {
    expect(section(RESULT)).toContain(
      '| Lambda function, a file: processor time of all its threads until then | 315 (314 to 316) |',
    );
  });

  it('says that the enclave it started was a local process', () => {
    expect(section(RESULT)).toContain(
      '| an enclave as a local process: launch to serving | 600 (600 to 600) |',
    );
    expect(section(RESULT)).toContain('its start is no boot on Nitro');
  });

  it('has the program for Nitro, as it was built or by its budget', () => {
    expect(section(RESULT)).toMatch(
      /\| enclave program, local \| 1\.00 \| 0\.500 \|\n\| enclave program, Nitro \(its budget\) \| \d{3} \| – \|/,
    );
    const built = ['local', 'Nitro'].map((place) => ({
      name: `enclave program, ${place}`,
      bytes: 2048,
      gzipped: 1024,
    }));
    const text = section({ ...RESULT, ...{ sizes: built } });
    expect(text).toContain('| enclave program, Nitro | 2.00 | 1.00 |');
    expect(text).not.toContain('its budget');
  });
});

describe('What the page says of the image', () => {
  it('is read from the image’s own page, whose parts add up to it', () => {
    const figures = imageFigures();
    expect(Object.keys(figures?.megabytes ?? {})).toEqual(['x86_64', 'aarch64']);
    const page = readFileSync(join(import.meta.dirname, '../../docs/enclave-image.md'), 'utf8');
    const parts = [...page.matchAll(/ \| ([\d.]+) MB \| ([\d.]+) MB \| /g)];
    const sum = (column: number): number =>
      Math.round(parts.reduce((all, part) => all + Number(part[column]), 0));
    expect(Object.values(figures?.megabytes ?? {})).toEqual([sum(1), sum(2)]);
    expect(sum(1)).toBeGreaterThan(100);
    expect(figures?.leastMiB).toBeGreaterThan(500);
  });

  it('has four times the larger file system as memory, in MiB', () => {
    const text =
      '| | x86_64 | aarch64 | from |\nThat is all, 134 MB and 130 MB. No\nsize: 640 MiB are about the least.';
    // 536,000,000 bytes by 1,048,576 are 511.2.
    expect(onNitro(imageFigures(text))).toContain(
      "134 MB for x86_64 and 130 MB for aarch64; nitro-cli wants 4 times an image's size as memory, which for the file system alone is 512 MiB, and with AWS's kernel and init about 640 MiB.",
    );
    expect(imageFigures('something else')).toBeUndefined();
    expect(onNitro(undefined)).toContain('[its page](enclave-image.md) says');
  });
});
