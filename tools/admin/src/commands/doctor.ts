// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { findRunning } from '../dev/control.ts';
import type { Examined } from '../dev/examined.ts';
import { files } from '../dev/folders.ts';
import { askSocket } from '../dev/hypervisor.ts';
import { runChecks } from '../doctor/check.ts';
import { CHECKS } from '../doctor/checks/index.ts';
import { type DoctorOptions, parseDoctorOptions } from '../doctor/options.ts';
import { report } from '../doctor/report.ts';
import { readRoleFiles } from '../doctor/role-files.ts';
import type { Subject } from '../doctor/subject.ts';
import { localSubject } from '../doctor/subject-local.ts';
import { deployedSubject } from '../doctor/subject-roles.ts';
import { AdminError } from '../errors.ts';

const LINGER_MS = 500;

/** `enclave-vault doctor`. */
export async function doctor(args: readonly string[]): Promise<number> {
  const options = parseDoctorOptions(args, process.env);
  const subject = options.data === undefined ? deployed(options) : await local(options.data);
  try {
    const findings = await runChecks(CHECKS, subject);
    const text = options.json
      ? `${JSON.stringify({ subject: subject.title, findings }, null, 2)}\n`
      : report(subject.title, findings);
    process.stdout.write(text);
    const code = findings.some(({ status }) => status === 'fail') ? 1 : 0;
    // What did not answer in its time may hold a connection for longer than anybody wants to wait.
    setTimeout(() => process.exit(code), LINGER_MS).unref();
    return code;
  } finally {
    subject.parent?.close();
    subject.clients.close();
  }
}

/** @throws {AdminError} data_unreadable */
function deployed(options: DoctorOptions): Subject {
  const { configs, shell, manifests, manifestKey, as, endpoints, ca, attestationRoot } = options;
  const roots = ca === undefined ? undefined : text(ca);
  return deployedSubject({
    files: readRoleFiles(configs, shell, process.env),
    manifests: manifests.map(bytes),
    manifestKey: manifestKey === undefined ? undefined : text(manifestKey),
    as,
    endpoints: Object.fromEntries(
      Object.entries(endpoints).map(([name, { url }]) => [name, { url, ca: roots }]),
    ),
    attestationRoot: attestationRoot === undefined ? undefined : text(attestationRoot),
  });
}

const text = (path: string): string => bytes(path).toString('utf8');

function bytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw new AdminError('data_unreadable', `${path} cannot be read`);
  }
}

/** @throws {AdminError} vault_not_running */
async function local(data: string): Promise<Subject> {
  const running = await findRunning(files(data).running);
  if (running === undefined) throw new AdminError('vault_not_running', `no vault runs on ${data}: start it`);
  const told: unknown = await askSocket(running.control, 'GET', '/examined');
  return localSubject(told as Examined, data);
}
