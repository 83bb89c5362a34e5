// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';

/** A few words for the codes that the stand-in finds reason for by itself; any other can be asked for in its settings. */
const WORDS: Readonly<Record<string, string>> = {
  E11: 'Socket error.',
  E19: 'File operation failure.',
  E22: 'Insufficient CPUs available in the pool.',
  E26: 'Insufficient memory requested.',
  E27: 'Insufficient memory available.',
  E36: 'Enclave boot failure.',
  E39: 'Enclave process connection failure.',
};

/** An error as nitro-cli reports it. `inside`: by the enclave's own process, to which the command then has lost its connection. */
export class Failure extends Error {
  readonly code: string;
  readonly inside: boolean;

  constructor(code: string, more = '', inside = true) {
    super(more);
    this.code = code;
    this.inside = inside;
  }

  get exitCode(): number {
    return this.inside ? 39 : Number(this.code.slice(1));
  }

  /** What goes to standard error. */
  text(folder: string): string {
    const said = report(this.code, this.message, folder);
    return this.inside ? `${said}Failed connections: 1\n${report('E39', '', folder)}` : said;
  }
}

function report(code: string, more: string, folder: string): string {
  const log = join(folder, 'log', `err${new Date().toISOString()}.log`);
  return [
    `[ ${code} ] ${WORDS[code] ?? 'An error.'} ${more}`.trimEnd(),
    '',
    `For more details, please visit https://docs.aws.amazon.com/enclaves/latest/user/cli-errors.html#${code}`,
    '',
    `If you open a support ticket, please provide the error log found at "${log}"`,
    '',
  ].join('\n');
}
