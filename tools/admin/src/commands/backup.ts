// SPDX-License-Identifier: Apache-2.0
import { constants, copyFileSync, existsSync, lstatSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { backupDatabase } from '@enclave-vault/stores';
import { files } from '../dev/folders.ts';
import { AdminError, UsageError } from '../errors.ts';

const TOLD_EVERY_MS = 1_000;

/** `enclave-vault backup`. */
export async function backup(args: readonly string[]): Promise<number> {
  const { values, positionals } = read(args);
  const [folder, ...rest] = positionals;
  if (folder === undefined || rest.length > 0) throw new UsageError('backup takes one FOLDER');
  const base = process.env.INIT_CWD ?? '.';
  const from = files(resolve(base, values.data ?? process.env.ENCLAVE_VAULT_DATA ?? '.vault'));
  if (!existsSync(from.database))
    throw new AdminError('data_unreadable', `there is no vault.db at ${from.database}`);
  const target = resolve(base, folder);
  const to = files(target);
  // A link that leads nowhere yet is there as well.
  for (const file of [to.database, to.auditHeads])
    if (lstatSync(file, { throwIfNoEntry: false }) !== undefined)
      throw new AdminError('output_exists', `${file} is there already`);
  mkdirSync(target, { recursive: true, mode: 0o700 });
  // Heads first: the store is then at least as new as they are, and what they name is in it. To a new file, through no link.
  const heads = existsSync(from.auditHeads);
  if (heads) copyFileSync(from.auditHeads, to.auditHeads, constants.COPYFILE_EXCL);
  if ((statSync(target).mode & 0o022) !== 0)
    process.stderr.write(
      `enclave-vault: warning: others may write to ${target}, and exchange what is in it\n`,
    );
  const began = performance.now();
  try {
    await backupDatabase(from.database, to.database, { progress: teller() });
  } catch (error) {
    // Half a backup is none, and would be in the way of the next.
    if (heads) rmSync(to.auditHeads);
    throw error;
  }
  const { size } = statSync(to.database);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const names = [to.database, to.auditHeads].filter((file) => existsSync(file)).map((file) => basename(file));
  process.stdout.write(
    `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} in ${target}: ${(size / 1e6).toFixed(1)} MB in ${seconds} s. Keys are not: keep a copy of ${from.kms} elsewhere.\n`,
  );
  return 0;
}

function read(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: { data: { type: 'string' } } });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options cannot be read');
  }
}

/** Says each second how far it is: nothing of a backup that takes less. */
function teller(): (done: number, all: number) => void {
  let told = performance.now();
  return (done, all) => {
    const now = performance.now();
    if (now - told < TOLD_EVERY_MS) return;
    told = now;
    process.stderr.write(`${Math.floor((done / all) * 100)} % of ${all} pages\n`);
  };
}
