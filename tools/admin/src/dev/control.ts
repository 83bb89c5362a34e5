// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { AdminError } from '../errors.ts';

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

/** The vault that runs on a data folder; undefined when none left word. @throws {AdminError} data_unreadable */
export function findRunning(file: string): Running | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Running;
  } catch {
    throw new AdminError('data_unreadable', `${file} cannot be read`);
  }
}
