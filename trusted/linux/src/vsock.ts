// SPDX-License-Identifier: Apache-2.0
/** Stream sockets between an enclave and its parent (vsock(7)) as ordinary sockets of node:net. */
import type { Server, Socket } from 'node:net';
import {
  AF_VSOCK,
  decodeVsockAddress,
  encodeVsockAddress,
  SOCKADDR_VM_BYTES,
  type VsockAddress,
} from './address.ts';
import { adoptListener, adoptStream, STREAM } from './adopt.ts';
import { connectStream } from './connecting.ts';
import { LinuxError } from './errors.ts';
import { call, closeQuietly } from './libc.ts';

/** Listen to any machine that can reach this one. */
export const VMADDR_CID_ANY = 0xffff_ffff;
/** This machine, where the kernel has vsock_loopback. */
export const VMADDR_CID_LOCAL = 1;
/** An enclave's parent, seen from the enclave (AWS Nitro Enclaves user guide, "Nitro Enclaves concepts", vsock). */
export const VMADDR_CID_PARENT = 3;

export interface ListenOptions extends VsockAddress {
  /** Connections that wait to be accepted. Default 128. */
  readonly backlog?: number;
}

export interface ConnectOptions extends VsockAddress {
  readonly timeoutMs: number;
}

/**
 * Resolves when `server`, of node:net or node:http, listens; connections arrive there as ordinary sockets. Closing the server closes it.
 * @throws LinuxError `not_supported`: no AF_VSOCK here. `address_in_use`. `address_not_available`: no such CID here. `not_permitted`: a
 * port below 1024 is for root
 */
export async function listenVsock(
  server: Server,
  { cid, port, backlog = 128 }: ListenOptions,
): Promise<void> {
  const address = encodeVsockAddress({ cid, port });
  const fd = call('socket', AF_VSOCK, STREAM, 0);
  try {
    call('bind', fd, address, address.length);
  } catch (error) {
    closeQuietly(fd);
    throw error;
  }
  await adoptListener(server, fd, backlog);
}

/**
 * @returns a connected socket
 * @throws LinuxError `not_supported`: no AF_VSOCK here. `connection_refused`: nobody listens there. `timed_out`: after `timeoutMs`, or the kernel's own
 * time for vsock, two seconds. `no_such_device`, `unreachable`: no way to that CID
 */
export async function connectVsock({ cid, port, timeoutMs }: ConnectOptions): Promise<Socket> {
  const address = encodeVsockAddress({ cid, port });
  const fd = call('socket', AF_VSOCK, STREAM, 0);
  try {
    await connectStream(fd, address, timeoutMs);
  } catch (error) {
    closeQuietly(fd);
    throw error;
  }
  return adoptStream(fd);
}

/**
 * @returns CID of the machine at the other end, as the kernel tells it
 * @throws LinuxError `bad_descriptor` when the socket is closed, `invalid` when it is not of vsock
 */
export function peerCid(socket: Socket): number {
  const address = Buffer.alloc(SOCKADDR_VM_BYTES);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(address.length);
  call('getpeername', descriptorOf(socket), address, length);
  const peer = decodeVsockAddress(address);
  if (peer === null) throw new LinuxError('invalid', 'getpeername');
  return peer.cid;
}

/** Node shows a socket's descriptor nowhere else. */
function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as { _handle?: { fd?: unknown } | null };
  const fd = handle?.fd;
  if (typeof fd !== 'number' || fd < 0) throw new LinuxError('bad_descriptor', 'getpeername');
  return fd;
}
