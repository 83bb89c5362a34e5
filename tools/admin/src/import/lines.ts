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
  let begun: Buffer[] = [];
  let length = 0;
  const take = (chunk: Buffer): void => {
    length += chunk.length;
    if (length <= LONGEST_LINE) begun.push(chunk);
    else begun = [];
  };
  const line = (): string | undefined => {
    const text = length > LONGEST_LINE ? undefined : Buffer.concat(begun).toString('utf8');
    begun = [];
    length = 0;
    return text;
  };
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        take(chunk.subarray(start, end));
        start = end + 1;
        const text = line();
        if (text === undefined || text.trim() !== '') yield text;
      }
      take(chunk.subarray(start));
    }
    const rest = line();
    if (rest === undefined || rest.trim() !== '') yield rest;
  } finally {
    stream.destroy();
    file.destroy();
  }
}
