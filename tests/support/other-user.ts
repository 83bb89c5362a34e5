// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** `nobody` on Linux: an account that owns nothing. */
const NOBODY = 65_534;

/** Only root can be somebody else, and that one must be able to start Node. */
export const canBeStranger =
  process.platform === 'linux' && process.getuid?.() === 0 && openToAll(realpathSync(process.execPath));

function openToAll(path: string): boolean {
  return (statSync(path).mode & 0o001) !== 0 && (path === '/' || openToAll(dirname(path)));
}

export interface Tried {
  readonly read: readonly string[];
  readonly connect: readonly string[];
  readonly pids: readonly number[];
}

/** What another user of the machine succeeded in. */
export interface Done {
  readonly uid: number;
  readonly read: readonly string[];
  readonly connected: readonly string[];
  readonly memory: readonly number[];
  readonly killed: readonly number[];
}

/** Plain JavaScript, since it must not need a file that this user may not read. */
const SCRIPT = `
const fs = require('node:fs'), net = require('node:net');
const { read, connect, pids } = JSON.parse(fs.readFileSync(0, 'utf8'));
const works = (act) => { try { act(); return true; } catch { return false; } };
const reach = (path) => new Promise((done) => {
  const socket = net.connect(path, () => { socket.destroy(); done([path]); });
  socket.on('error', () => done([]));
});
(async () => console.log(JSON.stringify({
  uid: process.getuid(),
  read: read.filter((path) => works(() => fs.lstatSync(path).isDirectory() ? fs.readdirSync(path) : fs.closeSync(fs.openSync(path, 'r')))),
  connected: (await Promise.all(connect.map(reach))).flat(),
  memory: pids.filter((pid) => works(() => fs.closeSync(fs.openSync('/proc/' + pid + '/mem', 'r'))) || works(() => fs.readFileSync('/proc/' + pid + '/environ'))),
  killed: pids.filter((pid) => works(() => process.kill(pid, 0))),
})))();
`;

/** Does it all as another user. */
export function asStranger(tried: Tried): Promise<Done> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-e', SCRIPT], {
      uid: NOBODY,
      gid: NOBODY,
      cwd: '/',
      env: {},
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8');
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve(JSON.parse(out) as Done) : reject(new Error(`it ended with ${code}`)),
    );
    child.stdin.end(JSON.stringify(tried));
  });
}
