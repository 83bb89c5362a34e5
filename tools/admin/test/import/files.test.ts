// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { checkFiles, findExport } from '../../src/import/export-files.ts';
import { exportSource } from '../../src/import/export-source.ts';
import { linesOf } from '../../src/import/lines.ts';
import type { Page, Position } from '../../src/import/source.ts';

const root = mkdtempSync(join(tmpdir(), 'ev-files-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let made = 0;

function folder(files: Readonly<Record<string, string | Buffer>>): string {
  made += 1;
  const path = join(root, String(made));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

const collect = async <T>(from: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const one of from) all.push(one);
  return all;
};
const md5 = (bytes: string | Buffer) => createHash('md5').update(bytes).digest('base64');
const listed = (key: string, bytes: string | Buffer, itemCount: number) =>
  `${JSON.stringify({ itemCount, md5Checksum: md5(bytes), etag: 'x-1', dataFileS3Key: `p/AWSDynamoDB/1-a/data/${key}` })}\n`;
const line = (n: number) => `{"Item":{"pk":{"S":"${n}"}}}\n`;
const lines = (count: number) => Array.from({ length: count }, (_, n) => line(n)).join('');

describe('lines of a file', () => {
  it('come one by one, from text and from gzip, across chunks and without a newline at the end', async () => {
    const text = `a\n\n  \nü${'x'.repeat(200_000)}\r\nlast`;
    const path = folder({ 'a.json': text, 'a.json.gz': gzipSync(text) });
    for (const name of ['a.json', 'a.json.gz'])
      expect(await collect(linesOf(join(path, name)))).toEqual(['a', `ü${'x'.repeat(200_000)}\r`, 'last']);
  });

  it('are passed over where they are longer than any item: memory stays as it is', async () => {
    const path = folder({ 'a.json.gz': gzipSync(`a\n${'x'.repeat(40 * 1024 * 1024)}\nb\n`) });
    expect(await collect(linesOf(join(path, 'a.json.gz')))).toEqual(['a', undefined, 'b']);
  });

  it('end with an error where the file does', async () => {
    const whole = gzipSync(lines(10_000));
    const path = folder({ 'cut.json.gz': whole.subarray(0, -20), 'no.json.gz': 'no gzip' });
    for (const name of ['cut.json.gz', 'no.json.gz', 'absent.json.gz'])
      await expect(collect(linesOf(join(path, name)))).rejects.toThrow();
  });
});

describe('an export', () => {
  it('is what its manifest lists', async () => {
    const [a, b] = [gzipSync(lines(3)), gzipSync('')];
    const path = folder({
      'manifest-summary.json': JSON.stringify({
        exportArn: 'arn:x',
        outputFormat: 'DYNAMODB_JSON',
        itemCount: 3,
      }),
      'manifest-files.json': listed('a.json.gz', a, 3) + listed('b.json.gz', b, 0),
      'data/a.json.gz': a,
      'data/b.json.gz': b,
      'data/stray.json.gz': 'not listed',
    });
    const found = findExport(path);
    expect([found.arn, found.items, found.files.map(({ name }) => name)]).toEqual([
      'arn:x',
      3,
      ['a.json.gz', 'b.json.gz'],
    ]);
    await checkFiles(found);
    expect(exportSource(path)).toMatchObject({ label: 'arn:x', items: 3 });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'in another format',
      { 'manifest-summary.json': '{"outputFormat":"ION"}', 'manifest-files.json': '' },
      /DynamoDB JSON/,
    ],
    [
      'of changes only',
      { 'manifest-summary.json': '{"exportType":"INCREMENTAL_EXPORT"}', 'manifest-files.json': '' },
      /full one/,
    ],
    [
      'with files missing',
      { 'manifest-files.json': listed('a.json.gz', '', 0) + listed('b.json.gz', '', 0) },
      /a\.json\.gz, b\.json\.gz/,
    ],
    [
      'that leads elsewhere',
      { 'manifest-files.json': '{"dataFileS3Key":"data/../../passwd"}' },
      /no data file/,
    ],
    ['with a manifest that is none', { 'manifest-files.json': 'x' }, /not JSON/],
    ['of nothing', { 'read.me': '' }, /no export in/],
  ])('%s is refused', (_, files, message) => {
    expect(() => findExport(folder(files))).toThrow(
      expect.objectContaining({ code: 'export_unreadable', message: expect.stringMatching(message) }),
    );
  });

  it('without a manifest is its files, in data/ or beside; a file alone is one, too', () => {
    const path = folder({ 'b.json.gz': 'x', 'a.json': 'x', 'manifest-summary.checksum': '' });
    expect(findExport(path).files.map(({ name }) => name)).toEqual(['a.json', 'b.json.gz']);
    expect(findExport(folder({ 'data/c.json': 'x' })).files).toHaveLength(1);
    expect(findExport(join(path, 'a.json'))).toMatchObject({ arn: null, items: undefined });
    expect(() => findExport(join(path, 'absent'))).toThrow(
      expect.objectContaining({ code: 'export_unreadable' }),
    );
  });

  it('that is not what the manifest says is refused before it is read', async () => {
    const path = folder({ 'manifest-files.json': listed('a.json.gz', 'x', 1), 'data/a.json.gz': 'y' });
    await expect(checkFiles(findExport(path))).rejects.toMatchObject({ code: 'export_damaged' });
  });

  it('is read in pages, from where it was left', async () => {
    const bytes = gzipSync(lines(1_200));
    const path = folder({
      'manifest-files.json': listed('a.json.gz', bytes, 1_200),
      'data/a.json.gz': bytes,
    });
    const [part] = exportSource(path).parts;
    const pages = async (from?: Position): Promise<Page[]> =>
      await collect(part?.pages(from) ?? (async function* () {})());
    const all = await pages();
    expect(all.map(({ found, next }) => [found.length, next])).toEqual([
      [500, 500],
      [500, 1_000],
      [200, null],
    ]);
    expect((await pages(1_000)).map(({ found, next }) => [found[0]?.at, found.length, next])).toEqual([
      ['a.json.gz:1001', 200, null],
    ]);
  });

  it('whose file has another number of items, or breaks off, ends with an error', async () => {
    const good = gzipSync(lines(3));
    const whole = gzipSync(lines(50_000));
    for (const [bytes, count] of [
      [good, 4],
      [whole.subarray(0, -100), 50_000],
    ] as const) {
      const path = folder({
        'manifest-files.json': listed('a.json.gz', bytes, count),
        'data/a.json.gz': bytes,
      });
      const [part] = exportSource(path).parts;
      await expect(collect(part?.pages(undefined) ?? (async function* () {})())).rejects.toMatchObject({
        code: 'export_damaged',
      });
    }
  });
});
