// SPDX-License-Identifier: Apache-2.0
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  readFileSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { AdminError } from '../errors.ts';
import { type Ended, type Job, runJob } from './job.ts';
import { EXIT_REFUSED } from './options.ts';
import { unwritable } from './own-file.ts';

/** Each time costs some syncs of the disk. */
const SAVE_EVERY_MS = 1_000;
/** A report is some hundred bytes, and a few for each code of a refusal. */
const MOST_REPORT_BYTES = 64 * 1024;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a job as a command: signals stop it, its report is the last line of standard output.
 * @returns the exit code
 */
export async function runCommand(job: Omit<Job, 'stop' | 'saveEveryMs'>): Promise<number> {
  if (job.options.report !== undefined) demandReport(job.options.report);
  const stopping = new AbortController();
  const onSignal = (): void => {
    // The state on disk is never more than the files hold: to end here is as safe as to be killed.
    if (stopping.signal.aborted) process.exit(1);
    stopping.abort();
    process.stderr.write('enclave-vault: ending what is under way; once more, and it ends at once\n');
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    return tell(job, await runJob({ ...job, saveEveryMs: SAVE_EVERY_MS, stop: stopping.signal }));
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

/** Errors of a whole command with their code: programs run this one. */
export async function withCodes(command: () => Promise<number>): Promise<number> {
  try {
    return await command();
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    process.stderr.write(`enclave-vault: ${error.code}: ${error.message}\n`);
    return 1;
  }
}

/**
 * What is written over is an earlier report, and nothing else. Better said now than when the job is done.
 * @throws {AdminError} `output_exists`, `file_unwritable`
 */
function demandReport(path: string): void {
  let there: Stats | undefined;
  try {
    there = lstatSync(path, { throwIfNoEntry: false });
    accessSync(`${dirname(path)}/`, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unwritable(path, error);
  }
  if (there === undefined) return;
  try {
    // Nothing else is read: it may be the input, however large, or a pipe that nobody fills.
    const small = there.isFile() && there.size <= MOST_REPORT_BYTES;
    const { what } = small ? (JSON.parse(readFileSync(path, 'utf8')) as { what?: unknown }) : {};
    if (what === 'import' || what === 'export') return;
  } catch {
    // Said below.
  }
  throw new AdminError(
    'output_exists',
    `${path} is there and is no report of a job: move it away, or name another`,
  );
}

function tell({ options }: Pick<Job, 'options'>, { report, failure, finishedAlready }: Ended): number {
  if (finishedAlready !== undefined)
    process.stderr.write(
      `enclave-vault: this job, begun ${finishedAlready}, was finished by an earlier call: ${
        report.what === 'import'
          ? 'nothing was sent'
          : `nothing was decrypted, and ${options.out} holds what the records held then`
      }.\n  To do it anew, name another --out; its state is ${options.state}\n`,
    );
  if (failure !== undefined) process.stderr.write(`enclave-vault: ${failure.code}: ${failure.message}\n`);
  if (report.refused > 0 || report.incomplete > 0)
    process.stderr.write(`enclave-vault: rows without a whole result are named in ${options.refused}\n`);
  if (report.ended !== 'finished' && existsSync(options.state))
    process.stderr.write(
      `enclave-vault: ${
        report.code === 'input_unreadable'
          ? 'mend the input there, leave the rows before as they are, and start'
          : report.code === 'input_changed'
            ? 'put the input back as it was, and start'
            : 'start'
      } the same command again: it goes on after row ${report.rows}, without a row twice or left out\n` +
        (report.what === 'import' && report.unanswered > 0
          ? '  within 23 hours: so long does the vault remember what it was sent and did not answer\n'
          : ''),
    );
  const line = `${JSON.stringify(report)}\n`;
  process.stdout.write(line);
  if (options.report !== undefined) write(options.report, line);
  if (report.ended !== 'finished') return 1;
  return report.refused > 0 || report.incomplete > 0 ? EXIT_REFUSED : 0;
}

/** After the summary was said elsewhere: it is not lost with its file. @throws {AdminError} `file_unwritable` */
function write(path: string, line: string): void {
  try {
    rmSync(path, { force: true });
    writeFileSync(path, line, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw unwritable(path, error);
  }
}
