// SPDX-License-Identifier: Apache-2.0
import net from 'node:net';
import { join } from 'node:path';
import type { VsockTransport } from '../../src/place/transport.ts';

/**
 * Vsock on a machine that may have none: enclaves listen on unix sockets in a folder, the instance on TCP, where the CID of whoever
 * connects is the last byte of his loopback address.
 */
export class LoopbackVsock implements VsockTransport {
  readonly folder: string;
  /** Of the instance's listener. */
  port = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  async listen(server: net.Server): Promise<void> {
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as net.AddressInfo).port;
  }

  async connect({ cid, port }: { cid: number; port: number }): Promise<net.Socket> {
    return net.connect(join(this.folder, `${cid}-${port}.sock`));
  }

  peer(socket: net.Socket): number | null {
    const last = socket.remoteAddress?.split('.').at(-1);
    return last === undefined ? null : Number(last);
  }

  /** A connection to the instance's listener, from an enclave. */
  dial(cid: number): net.Socket {
    return net.connect({ port: this.port, host: '127.0.0.1', localAddress: `127.0.0.${cid}` });
  }
}
