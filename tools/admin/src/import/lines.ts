// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** An item has at most 400 KB, of which bytes grow by a third as base64, and names and types come on top. */
const LONGEST_LINE = 2 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * The lines of a file, gzipped where its name says so. A line that is too long comes as undefined, and empty ones do not come:
 * neither fills the memory.
 * @throws what the file system or zlib say
 */
export async function* linesOf(path: string): AsyncGenerator<string | undefined> {
  const file = createReadStream(path);
  const stream: Readable = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  // A pipe hands on data and no errors.
  if (stream !== file) file.once('error', (error) => stream.destroy(error));
  try {
    for await (const line of linesIn(stream, LONGEST_LINE)) {
      const text = line?.toString('utf8');
      if (text === undefined || text.trim() !== '') yield text;
    }
  } finally {
    stream.destroy();
    file.destroy();
  }
}

/**
 * The lines of a stream without their ends, the last one too where nothing ends it. Chunks may be cut anywhere.
 * @param longest in bytes; a line beyond comes as undefined, and what it holds is not kept
 * @param ended told before each line where it ends: so many bytes from the beginning
 */
export async function* linesIn(
  chunks: AsyncIterable<Buffer>,
  longest: number,
  ended?: (bytes: number) => void,
): AsyncGenerator<Buffer | undefined> {
  let begun: Buffer[] = [];
  let length = 0;
  let before = 0;
  const take = (chunk: Buffer): void => {
    length += chunk.length;
    if (length <= longest) begun.push(chunk);
    else begun = [];
  };
  const line = (): Buffer | undefined => {
    const [only] = begun;
    const bytes =
      length > longest ? undefined : begun.length === 1 && only !== undefined ? only : Buffer.concat(begun);
    begun = [];
    length = 0;
    return bytes;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      take(chunk.subarray(start, end));
      start = end + 1;
      ended?.(before + start);
      yield line();
    }
    if (start < chunk.length) take(chunk.subarray(start));
    before += chunk.length;
  }
  if (length === 0) return;
  ended?.(before);
  yield line();
}
