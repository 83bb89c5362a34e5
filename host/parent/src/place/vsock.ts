// SPDX-License-Identifier: Apache-2.0
import { connectVsock, listenVsock, peerCid, VMADDR_CID_ANY } from '@enclave-vault/linux/vsock';
import { ParentError } from '../errors.ts';
import type { VsockTransport } from './transport.ts';

/** AF_VSOCK. `listen` fails with ParentError `vsock_unavailable`, its message what the kernel says. */
export const vsock: VsockTransport = {
  listen: async (server, port) => {
    try {
      await listenVsock(server, { cid: VMADDR_CID_ANY, port });
    } catch (error) {
      const cause = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      throw new ParentError('vsock_unavailable', `port ${port}: ${cause}`);
    }
  },
  connect: connectVsock,
  peer: (socket) => {
    try {
      return peerCid(socket);
    } catch {
      return null;
    }
  },
};
