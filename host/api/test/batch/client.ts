// SPDX-License-Identifier: Apache-2.0
import { type ClientRequest, type IncomingMessage, request } from 'node:http';

export type Line = Record<string, never> & {
  readonly index?: number;
  readonly id?: string;
  readonly error?: { readonly code: string };
  readonly done?: { readonly results: number; readonly errors: number };
  readonly stopped?: { readonly code: string; readonly results: number; readonly errors: number };
};

/** A stream to a server: lines out as they are given, lines in as they come. */
export class StreamClient {
  readonly out: ClientRequest;
  readonly lines: Line[] = [];
  readonly answered: Promise<IncomingMessage>;
  /** When the answer is over, in whatever way: whether it came whole. */
  readonly closed: Promise<boolean>;
  #text = '';

  constructor(port: number, path: string, key: string, headers: Record<string, string> = {}) {
    this.out = request({
      port,
      path,
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson', ...headers },
    });
    this.out.on('error', () => undefined);
    this.answered = new Promise((resolve, reject) => {
      this.out.once('response', resolve).once('error', reject);
    });
    this.answered.catch(() => undefined);
    this.closed = new Promise((resolve) => {
      this.out.once('response', (answer) => answer.once('close', () => resolve(answer.complete)));
      this.out.once('error', () => resolve(false));
    });
    this.out.once('response', (answer) => {
      answer.on('error', () => undefined);
      answer.on('data', (chunk: Buffer) => this.#came(chunk));
    });
  }

  /** Writes lines; what is no text is written as JSON. */
  send(...lines: unknown[]): this {
    for (const line of lines) this.out.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
    return this;
  }

  /** Ends the body. @returns all lines of the answer */
  async finish(): Promise<Line[]> {
    this.out.end();
    await this.closed;
    return this.lines;
  }

  /** Waits for so many lines. */
  async until(count: number): Promise<void> {
    const late = Date.now() + 45_000;
    while (this.lines.length < count) {
      if (Date.now() > late) throw new Error(`${this.lines.length} lines came, not ${count}`);
      await new Promise((done) => setTimeout(done, 5));
    }
  }

  get last(): Line | undefined {
    return this.lines.at(-1);
  }

  #came(chunk: Buffer): void {
    this.#text += chunk.toString('utf8');
    const lines = this.#text.split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) this.lines.push(JSON.parse(line));
  }
}
