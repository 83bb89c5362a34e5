// SPDX-License-Identifier: Apache-2.0
import { type FileHandle, open } from 'node:fs/promises';
import type { AuditHead, AuditSink } from '@enclave-vault/vault';
import { SinkError } from '../errors.ts';
import { GroupWriter } from '../group-writer.ts';
import { formatLine, TORN_MARK } from './line.ts';

/**
 * Audit heads in a file, one JSON line each, only ever appended to (O_APPEND) and synced before they count. Heads that
 * come in while a sync is under way share the next one. Make the file append-only for its writer where you can
 * (`chattr +a`, or another machine): on its own it keeps nothing from someone who may write it.
 */
export class FileAuditSink implements AuditSink {
  readonly #path: string;
  #file: FileHandle | undefined;
  readonly #writer = new GroupWriter<string>((lines) => this.#write(lines));
  #closed = false;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** @throws {SinkError} `sink_unavailable` */
  static async open(path: string): Promise<FileAuditSink> {
    return new FileAuditSink(path, await openForAppend(path));
  }

  async append(head: AuditHead): Promise<void> {
    if (this.#closed) throw new SinkError('sink_closed');
    await this.#writer.add(formatLine(head));
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writer.idle();
    await this.#file?.close();
    this.#file = undefined;
  }

  async #write(lines: readonly string[]): Promise<void> {
    try {
      this.#file ??= await openForAppend(this.#path);
      await this.#file.appendFile(lines.join(''));
      await this.#file.datasync();
    } catch (cause) {
      await this.#abandon();
      throw cause instanceof SinkError ? cause : new SinkError('sink_unavailable', undefined, { cause });
    }
  }

  /** After a failed write or sync nobody knows what is on the disk: the next write opens the file anew. */
  async #abandon(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    try {
      await file?.close();
    } catch {
      // It is given up either way.
    }
  }
}

/** Opens the file; a line that a crash cut off is ended and marked, so that the next one stands alone. */
async function openForAppend(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'a+', 0o600);
    const { size } = await file.stat();
    const end = Buffer.alloc(1);
    if (size > 0) await file.read(end, 0, 1, size - 1);
    if (size > 0 && end[0] !== 0x0a) {
      await file.appendFile(`\n${TORN_MARK}\n`);
      await file.datasync();
    }
    return file;
  } catch (cause) {
    throw new SinkError('sink_unavailable', undefined, { cause });
  }
}
