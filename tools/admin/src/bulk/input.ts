// SPDX-License-Identifier: Apache-2.0
import { createReadStream, type ReadStream, statSync } from 'node:fs';
import { basename } from 'node:path';
import { AdminError } from '../errors.ts';

/** Where rows come from: a file, or standard input. */
export interface Input {
  /** For people. */
  readonly name: string;
  /** undefined for standard input and pipes. */
  readonly bytes: number | undefined;
  chunks(): AsyncIterable<Buffer>;
  close(): void;
}

const CHUNK = 256 * 1024;

/** @param path undefined: standard input @throws {AdminError} `input_unreadable` */
export function openInput(path: string | undefined): Input {
  let stream: ReadStream | typeof process.stdin | undefined;
  const found = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  if (path !== undefined && (found === undefined || found.isDirectory()))
    throw new AdminError('input_unreadable', `there is no file ${path}`);
  return {
    name: path === undefined ? 'standard input' : basename(path),
    bytes: found?.isFile() === true ? found.size : undefined,
    async *chunks() {
      stream = path === undefined ? process.stdin : createReadStream(path, { highWaterMark: CHUNK });
      try {
        yield* stream as AsyncIterable<Buffer>;
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
        throw new AdminError('input_unreadable', `the input cannot be read: ${code}`);
      }
    },
    close: () => void stream?.destroy(),
  };
}
