// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

const IMAGE = join(import.meta.dirname, '../../../dist/enclave');
const SOCKET = 'profile.sock';

/**
 * What is put before the program: its profile from the first moment on, for whoever connects to a socket beside its own. An enclave writes no
 * file, so this is its only way out; and it is another program, with other measurements, which no key policy but that of a new vault admits.
 */
const PREAMBLE = `import { createServer as evServer } from 'node:net';
import { Session as EvSession } from 'node:inspector';
import { isMainThread as evMain } from 'node:worker_threads';
if (evMain) {
  const session = new EvSession();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.start');
  evServer((socket) => {
    session.post('Profiler.stop', (error, { profile } = {}) => socket.end(JSON.stringify(error ?? profile)));
  }).listen('${SOCKET}');
}
`;

export interface ProfiledImage {
  readonly directory: string;
  /** Lines that the preamble added. */
  readonly shift: number;
  readonly source: string;
}

/** A copy of the built image that takes a CPU profile of itself. */
export function profiledImage(directory: string): ProfiledImage {
  mkdirSync(directory, { recursive: true });
  const source = readFileSync(join(IMAGE, 'enclave.mjs'), 'utf8');
  const image = JSON.parse(readFileSync(join(IMAGE, 'image.json'), 'utf8')) as { nodeFlags: string[] };
  writeFileSync(join(directory, 'enclave.mjs'), PREAMBLE + source);
  const nodeFlags = [...image.nodeFlags, '--allow-inspector'];
  writeFileSync(join(directory, 'image.json'), JSON.stringify({ ...image, nodeFlags }));
  return { directory, shift: PREAMBLE.split('\n').length - 1, source };
}

/** Ends the profile of an enclave's process, and fetches it. */
export function fetchProfile(pid: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: `/proc/${pid}/cwd/${SOCKET}` });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    socket.on('error', reject);
  });
}
