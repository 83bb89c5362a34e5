// SPDX-License-Identifier: Apache-2.0
import { type IoctlAnswer, type IoctlCall, serveDevice } from './cuse.ts';

/** As in drivers/misc/nsm.c of Linux. */
const NSM_IOCTL_RAW = 0xc020_0a00;
const RAW_BYTES = 32;
const MAX_REQUEST = 0x1000;
const MAX_RESPONSE = 0x3000;
const ENOTTY = 25;
const EMSGSIZE = 90;

/**
 * A device like /dev/nsm in front of a module: struct nsm_raw in, the request fetched from where it points to, the response written to where it
 * points to, cut to the room there, and its length put into the struct. One request at a time, as the driver has it.
 */
export function serveNsm(name: string, handle: (request: Buffer) => Promise<Buffer>): Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  return serveDevice(name, (call) => {
    const turn = last.then(() => answer(call, handle));
    last = turn.catch(() => undefined);
    return turn;
  });
}

async function answer(call: IoctlCall, handle: (request: Buffer) => Promise<Buffer>): Promise<IoctlAnswer> {
  const { command, argument, input, outputRoom } = call;
  if (command !== NSM_IOCTL_RAW) return { errno: ENOTTY };
  const struct = { address: argument, length: RAW_BYTES };
  if (input.length < RAW_BYTES) return { need: { read: [struct], write: [] } };
  const request = { address: input.readBigUInt64LE(0), length: Number(input.readBigUInt64LE(8)) };
  if (request.length > MAX_REQUEST) return { errno: EMSGSIZE };
  const room = Math.min(Number(input.readBigUInt64LE(24)), MAX_RESPONSE);
  const response = { address: input.readBigUInt64LE(16), length: room };
  if (outputRoom === 0) return { need: { read: [struct, request], write: [struct, response] } };
  const bytes = (await handle(Buffer.from(input.subarray(RAW_BYTES)))).subarray(0, room);
  const raw = Buffer.from(input.subarray(0, RAW_BYTES));
  raw.writeBigUInt64LE(BigInt(bytes.length), 24);
  return { output: Buffer.concat([raw, bytes]) };
}
