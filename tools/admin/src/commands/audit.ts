// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createVaultKms } from '@enclave-vault/host-kms';
import { SqliteStore } from '@enclave-vault/stores';
import { type AuditHead, type AuditReport, openIntegrityKeys, verifyAudit } from '@enclave-vault/vault';
import { findRunning } from '../dev/control.ts';
import { files, makeFolders } from '../dev/folders.ts';
import { askSocket } from '../dev/hypervisor.ts';
import { takeOver } from '../dev/left-behind.ts';
import { lockData } from '../dev/lock.ts';
import { parseDevOptions } from '../dev/options.ts';
import { type AuditSession, LocalVault } from '../dev/vault.ts';
import { AdminError, UsageError } from '../errors.ts';
import { printable } from '../printable.ts';
import { PLACE_OPTIONS, placeOf } from '../storage/place.ts';
import { type OperatorStorage, openOperatorStorage } from '../storage/storage.ts';
import { headsOf } from './audit-heads.ts';

/** `enclave-vault audit verify`. */
export async function audit(args: readonly string[], root: string): Promise<number> {
  const { values, positionals } = read(args);
  const [verb, id, ...rest] = positionals;
  if (verb !== 'verify' || rest.length > 0) throw new UsageError('audit takes verify [ID]');
  const place = placeOf(values);
  if (place.kind === 'local' && !existsSync(files(place.data).database))
    throw new AdminError('data_unreadable', `there is no vault in ${place.data}`);
  const base = process.env.INIT_CWD ?? '.';
  const against = values.against === undefined ? undefined : await headsOf(values.against, base, process.env);
  const report =
    place.kind === 'config'
      ? await verify(await openOperatorStorage(place), id, against)
      : await withSession(place.data, root, (session) => verify(storageOf(session), id, against));
  // Nothing found of nothing there is not "all is well".
  if (id !== undefined && report.entries === 0 && report.findings.length === 0)
    throw new AdminError('log_unknown', `there is no log of ${id} there`);
  print(report, values.json === true, against !== undefined);
  return report.findings.length === 0 ? 0 : 1;
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...PLACE_OPTIONS, against: { type: 'string' }, json: { type: 'boolean' } },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options cannot be read');
  }
}

/** A running vault lends its API role; for one that does not run, its KMS is started for the time of the command. */
async function withSession<T>(
  data: string,
  root: string,
  use: (session: AuditSession) => Promise<T>,
): Promise<T> {
  const running = await findRunning(files(data).running);
  if (running !== undefined) {
    const session: unknown = await askSocket(running.control, 'GET', '/session');
    return use(session as AuditSession);
  }
  const options = parseDevOptions(['--data', data], {}, root);
  const folders = makeFolders(options);
  try {
    const lock = lockData(data);
    takeOver(folders.run, lock.file);
    const vault = new LocalVault(options, root, folders, (line) => line.level === 'error');
    try {
      await vault.startKms();
      return await use(vault.session());
    } finally {
      await vault.stop();
      lock.release();
    }
  } finally {
    folders.remove();
  }
}

type Read = Pick<OperatorStorage, 'store' | 'kms'>;

const storageOf = (session: AuditSession): Read => ({
  kms: createVaultKms({ ...session.kms, credentials: session.credentials }),
  store: SqliteStore.open(session.database),
});

async function verify(
  { store, kms }: Read,
  id: string | undefined,
  against: (() => AsyncIterable<AuditHead>) | undefined,
): Promise<AuditReport> {
  try {
    const keys = await openIntegrityKeys(store, kms);
    return await verifyAudit(store, keys, { id, against });
  } finally {
    await store.close();
    kms.close();
  }
}

function print(report: AuditReport, json: boolean, complete: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  for (const { log, n, to, code, message } of report.findings) {
    const where = n === undefined ? '' : ` entry ${n}${to === undefined ? '' : `-${to}`}`;
    process.stdout.write(`${printable(log)}${where}: ${code}: ${message}\n`);
  }
  const { chains, entries, findings } = report;
  process.stdout.write(
    `${chains} chains, ${entries} entries, ${findings.length} findings${complete ? '' : ' (without --against, a rollback of the whole store would go unnoticed)'}\n`,
  );
}
