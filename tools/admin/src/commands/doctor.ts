// SPDX-License-Identifier: Apache-2.0
import { findRunning } from '../dev/control.ts';
import type { Examined } from '../dev/examined.ts';
import { files } from '../dev/folders.ts';
import { askSocket } from '../dev/hypervisor.ts';
import { runChecks } from '../doctor/check.ts';
import { CHECKS } from '../doctor/checks/index.ts';
import { parseDoctorOptions } from '../doctor/options.ts';
import { report } from '../doctor/report.ts';
import type { Subject } from '../doctor/subject.ts';
import { localSubject } from '../doctor/subject-local.ts';
import { AdminError } from '../errors.ts';

/** `enclave-vault doctor`. */
export async function doctor(args: readonly string[]): Promise<number> {
  const options = parseDoctorOptions(args, process.env);
  const subject = await local(options.data ?? '');
  try {
    const findings = await runChecks(CHECKS, subject);
    const text = options.json
      ? `${JSON.stringify({ subject: subject.title, findings }, null, 2)}\n`
      : report(subject.title, findings);
    process.stdout.write(text);
    return findings.some(({ status }) => status === 'fail') ? 1 : 0;
  } finally {
    subject.parent?.close();
    subject.clients.close();
  }
}

/** @throws {AdminError} vault_not_running */
async function local(data: string): Promise<Subject> {
  const running = await findRunning(files(data).running);
  if (running === undefined) throw new AdminError('vault_not_running', `no vault runs on ${data}: start it`);
  const told: unknown = await askSocket(running.control, 'GET', '/examined');
  return localSubject(told as Examined, data);
}
