// SPDX-License-Identifier: Apache-2.0
import type net from 'node:net';

/** Connections between an instance and its enclaves. Vsock on an instance; tests carry it over something that any machine has. */
export interface VsockTransport {
  /** Connections to a port of this machine from any other. */
  listen(server: net.Server, port: number): Promise<void>;
  /** In time or not at all. */
  connect(to: { cid: number; port: number; timeoutMs: number }): Promise<net.Socket>;
  /** The CID at the other end, as the kernel tells it; null when the connection is gone. */
  peer(socket: net.Socket): number | null;
}
