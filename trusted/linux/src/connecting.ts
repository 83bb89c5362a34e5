// SPDX-License-Identifier: Apache-2.0
import { errnoError, LinuxError } from './errors.ts';
import { koffi } from './koffi.ts';
import { call } from './libc.ts';

const SOL_SOCKET = 1;
const SO_ERROR = 4;
/** The call goes on in the background. EINTR says the same (connect(2)). */
const UNDER_WAY = ['EINPROGRESS', 'EINTR'];

/**
 * Connects without keeping the loop waiting.
 * @param fd non-blocking; stays the caller's whatever comes of it
 * @param address struct sockaddr of any family
 * @throws LinuxError, `timed_out` after `timeoutMs`
 */
export async function connectStream(fd: number, address: Buffer, timeoutMs: number): Promise<void> {
  try {
    call('connect', fd, address, address.length);
    return;
  } catch (error) {
    if (!(error instanceof LinuxError) || !UNDER_WAY.includes(error.errno)) throw error;
  }
  await writable(fd, timeoutMs);
  const outcome = Buffer.alloc(4);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(outcome.length);
  call('getsockopt', fd, SOL_SOCKET, SO_ERROR, outcome, length);
  const errno = outcome.readInt32LE();
  if (errno !== 0) throw errnoError('connect', errno);
}

function writable(fd: number, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // A loop that was busy runs its timers first: what became of the connection meanwhile is heard before this is said.
    const timer = setTimeout(
      () => setImmediate(() => end(new LinuxError('timed_out', 'connect'))),
      timeoutMs,
    );
    const handle = koffi().node.poll(fd, { writable: true }, () => end(null));

    let ended = false;

    function end(error: LinuxError | null): void {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      // Before the descriptor is anybody else's: the loop must not have it twice.
      handle.close();
      if (error === null) resolve();
      else reject(error);
    }
  });
}
