// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { koffiFile } from '../../src/koffi-file.ts';
import { connectVsock, listenVsock, VMADDR_CID_ANY, VMADDR_CID_LOCAL } from '../../src/vsock.ts';

/** What this machine has of what the tests need; where it has it not, they are skipped and say so. */
export const NATIVE = koffiFile() !== null;

/** Whether AF_VSOCK is there, and connects to itself. */
export async function vsockAbilities(): Promise<{ family: boolean; loopback: boolean }> {
  if (!NATIVE) return { family: false, loopback: false };
  const port = freePort();
  const server = createServer((socket) => socket.end());
  try {
    await listenVsock(server, { cid: VMADDR_CID_ANY, port });
  } catch {
    return { family: false, loopback: false };
  }
  try {
    (await connectVsock({ cid: VMADDR_CID_LOCAL, port, timeoutMs: 1_000 })).destroy();
    return { family: true, loopback: true };
  } catch {
    return { family: true, loopback: false };
  } finally {
    server.close();
  }
}

let next = 20_000 + (process.pid % 20_000);
/** A port of vsock that no other test process uses. */
export const freePort = (): number => next++;

/** Descriptors that are open now, but for the one that reads the folder. */
export const openDescriptors = (): number => readdirSync('/proc/self/fd').length - 1;

/** Until what closes later is closed: handles of the loop are, a turn after they are told. */
export async function settledDescriptors(expected: number): Promise<number> {
  for (let turn = 0; turn < 50 && openDescriptors() !== expected; turn++)
    await new Promise((resolve) => setTimeout(resolve, 5));
  return openDescriptors();
}
