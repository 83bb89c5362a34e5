// SPDX-License-Identifier: Apache-2.0
import { existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { dirname } from 'node:path';
import { AdminError } from '../errors.ts';
import { askSocket } from './hypervisor.ts';

/** What other commands find in the data folder while a vault runs on it. */
export interface Running {
  readonly url: string;
  readonly pid: number;
  readonly control: string;
}

/**
 * A socket in the run folder (mode 0700) by which commands of the same user reach the running vault. It hands
 * out the API role's credentials of this run, which `audit verify` needs: on AWS that is a role to assume.
 */
export async function openControl(
  running: Running,
  file: string,
  answers: Readonly<Record<string, () => unknown>>,
): Promise<{ close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const answer = answers[request.url ?? ''];
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ? answer() : { code: 'not_found' }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(running.control, resolve);
  });
  writeFileSync(file, `${JSON.stringify(running)}\n`, { mode: 0o600 });
  return {
    close: async () => {
      rmSync(file, { force: true });
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/**
 * The vault that runs on a data folder; undefined when there is none. One that was killed leaves its word behind, and
 * another user may have its port, or a folder of that name, by now: he must not be sent a key, nor be believed. So it
 * has to answer, on a socket that nobody else could have put there.
 * @throws {AdminError} data_unreadable
 */
export async function findRunning(file: string): Promise<Running | undefined> {
  if (!existsSync(file)) return undefined;
  const running = read(file);
  if (!isPrivate(dirname(running.control))) return undefined;
  const pids = await askSocket(running.control, 'GET', '/pids').catch(() => undefined);
  return pids?.dev === running.pid ? running : undefined;
}

function read(file: string): Running {
  try {
    const { url, pid, control } = JSON.parse(readFileSync(file, 'utf8')) as Running;
    return { url: String(url), pid: Number(pid), control: String(control) };
  } catch {
    throw new AdminError('data_unreadable', `${file} cannot be read`);
  }
}

/** Whether only this user can have made, or changed, what is in the folder. */
function isPrivate(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined || !found.isDirectory()) return false;
  return found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
}
