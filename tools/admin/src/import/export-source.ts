// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { AdminError } from '../errors.ts';
import { parseLine } from './attributes.ts';
import { type DataFile, type ExportFiles, findExport } from './export-files.ts';
import { linesOf } from './lines.ts';
import type { Found, Page, Part, Position, Source } from './source.ts';

const PAGE = 500;

/** An export as a source: each file is a part, and its position is the number of lines read. */
export function exportSource(path: string): Source & { readonly files: ExportFiles } {
  const files = findExport(path);
  const names = files.files.map(({ name, bytes, md5 }) => [name, bytes, md5 ?? null]);
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([files.arn, names]))
    .digest('hex');
  const [first] = files.files;
  return {
    files,
    label:
      files.arn ?? `export ${first?.name ?? ''}${names.length > 1 ? ` and ${names.length - 1} more` : ''}`,
    fingerprint,
    parts: files.files.map(
      (file) => ({ id: file.name, pages: (from) => pagesOf(file, from) }) satisfies Part,
    ),
    items: files.items,
    parallel: 1,
    close: () => undefined,
  };
}

async function* pagesOf(file: DataFile, from: Position | undefined): AsyncGenerator<Page> {
  const done = typeof from === 'number' ? from : 0;
  let line = 0;
  let found: Found[] = [];
  try {
    for await (const text of linesOf(file.path)) {
      line += 1;
      if (line <= done) continue;
      found.push({ item: text === undefined ? undefined : parseLine(text), at: `${file.name}:${line}` });
      if (found.length < PAGE) continue;
      yield { found, logs: 0, next: line };
      found = [];
    }
  } catch (error) {
    if (error instanceof AdminError) throw error;
    throw new AdminError('export_damaged', `${file.name} breaks off or cannot be read after line ${line}`);
  }
  if (file.items !== undefined && file.items !== line)
    throw new AdminError(
      'export_damaged',
      `${file.name} has ${line} items, and ${file.items} in the manifest`,
    );
  yield { found, logs: 0, next: null };
}
