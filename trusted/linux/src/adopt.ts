// SPDX-License-Identifier: Apache-2.0
import { type Server, Socket } from 'node:net';
import { call, closeQuietly } from './libc.ts';

const AF_UNIX = 1;
const SOCK_STREAM = 1;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
const O_CLOEXEC = 0o2000000;
export const STREAM = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

/**
 * Node takes descriptors of the address families it knows only, though libuv serves any stream with them. So it is given one that it knows,
 * a unix socket, and the number is made to mean the other socket, dup3(2), before libuv's loop has looked at it: it tells the kernel what to
 * wait for when it next waits, not before. This is all public interface of Node and of libc; the alternative, its Pipe class, is neither
 * documented nor to be had under the permission model.
 */

/**
 * @param fd a connected stream socket, non-blocking; belongs to the result from here on, and is closed when this fails
 * @throws LinuxError
 */
export function adoptStream(fd: number): Socket {
  try {
    const pair = Buffer.alloc(8);
    call('socketpair', AF_UNIX, STREAM, 0, pair);
    const [mine, other] = [pair.readInt32LE(0), pair.readInt32LE(4)];
    closeQuietly(other);
    const socket = new Socket({ fd: mine, readable: true, writable: true });
    try {
      call('dup3', fd, mine, O_CLOEXEC);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return socket;
  } finally {
    closeQuietly(fd);
  }
}

/**
 * Makes `server` listen on a socket that is bound already. Everything of net.Server works: maxConnections, close(), listening, error events.
 * @param fd belongs to the server from here on, and is closed when this fails
 * @throws LinuxError; Node's ERR_SERVER_ALREADY_LISTEN
 */
export async function adoptListener(server: Server, fd: number, backlog: number): Promise<void> {
  try {
    call('listen', fd, backlog);
    await listenOn(server, boundSocket(), backlog, (own) => call('dup3', fd, own, O_CLOEXEC));
  } finally {
    closeQuietly(fd);
  }
}

/** A unix socket under a name that the kernel chooses (unix(7), "Autobind"): without one it cannot listen. */
function boundSocket(): number {
  const fd = call('socket', AF_UNIX, STREAM, 0);
  try {
    call('bind', fd, Buffer.from([AF_UNIX, 0]), 2);
    return fd;
  } catch (error) {
    closeQuietly(fd);
    throw error;
  }
}

/** @param swap called with the descriptor once it is the server's, before the loop has seen it */
function listenOn(server: Server, own: number, backlog: number, swap: (own: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    try {
      server.listen({ fd: own, backlog }, () => {
        server.removeListener('error', reject);
        resolve();
      });
    } catch (error) {
      // It listens already, and keeps doing so.
      server.removeListener('error', reject);
      closeQuietly(own);
      reject(error);
      return;
    }
    try {
      if (server.listening) swap(own);
    } catch (error) {
      server.close();
      reject(error);
    }
  });
}
