// SPDX-License-Identifier: Apache-2.0
import { type FileHandle, open } from 'node:fs/promises';

/** Message types of the kernel's character devices in user space (include/uapi/linux/fuse.h, protocol 7). */
const OPEN = 14;
const RELEASE = 18;
const FLUSH = 25;
const INTERRUPT = 36;
const IOCTL = 39;
const CUSE_INIT = 4096;

const IN_HEADER = 40;
const OUT_HEADER = 16;
const READ_BYTES = 256 * 1024;
const MAX_TRANSFER = 64 * 1024;
/** The device may ask for any of the caller's memory: an ioctl whose argument has addresses of its own needs it. */
const UNRESTRICTED_IOCTL = 1;
const IOCTL_RETRY = 4;
const ENOSYS = 38;
const EIO = 5;

/** A piece of the caller's memory. */
export interface Piece {
  readonly address: bigint;
  readonly length: number;
}

/** One call of ioctl(2), of which more is known each time it comes back. */
export interface IoctlCall {
  readonly command: number;
  readonly argument: bigint;
  /** What the pieces asked for hold; empty at first. */
  readonly input: Buffer;
  /** Room in the pieces that may be written; 0 at first. */
  readonly outputRoom: number;
}

/** `need`: asks again with these pieces read, and those others writable. `errno`: the call fails. */
export type IoctlAnswer =
  | { readonly need: { readonly read: readonly Piece[]; readonly write: readonly Piece[] } }
  | { readonly output: Buffer }
  | { readonly errno: number };

/**
 * A character device of this name, which appears in /dev and stays, answered by `ioctl`. The kernel's protocol is spoken as it is: the module `cuse`
 * is all that it takes. Each device keeps a thread of libuv's pool, reading.
 */
export async function serveDevice(
  name: string,
  ioctl: (call: IoctlCall) => Promise<IoctlAnswer>,
): Promise<void> {
  const cuse = await open('/dev/cuse', 'r+');
  await new Promise<void>((resolve, reject) => {
    serve(cuse, name, ioctl, resolve).catch(reject);
  });
}

async function serve(
  cuse: FileHandle,
  name: string,
  ioctl: (call: IoctlCall) => Promise<IoctlAnswer>,
  ready: () => void,
): Promise<void> {
  const buffer = Buffer.alloc(READ_BYTES);
  for (;;) {
    const { bytesRead } = await cuse.read(buffer, 0, buffer.length, null);
    if (bytesRead < IN_HEADER) return;
    const message = Buffer.from(buffer.subarray(0, bytesRead));
    const opcode = message.readUInt32LE(4);
    const unique = message.readBigUInt64LE(8);
    const body = message.subarray(IN_HEADER);
    const reply = (errno: number, ...parts: Buffer[]) => cuse.write(frame(unique, errno, parts));
    if (opcode === CUSE_INIT) {
      await reply(0, initAnswer(body), Buffer.from(`DEVNAME=${name}\0`));
      ready();
    } else if (opcode === OPEN) await reply(0, Buffer.alloc(16));
    else if (opcode === RELEASE || opcode === FLUSH) await reply(0);
    else if (opcode === IOCTL) void answerIoctl(body, ioctl, reply);
    else if (opcode !== INTERRUPT) await reply(ENOSYS);
  }
}

function frame(unique: bigint, errno: number, parts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(OUT_HEADER);
  const whole = Buffer.concat([head, ...parts]);
  whole.writeUInt32LE(whole.length, 0);
  whole.writeInt32LE(-errno, 4);
  whole.writeBigUInt64LE(unique, 8);
  return whole;
}

/** struct cuse_init_out: version, flags, largest read and write, and a device number that the kernel chooses. */
function initAnswer(body: Buffer): Buffer {
  const answer = Buffer.alloc(72);
  body.copy(answer, 0, 0, 8);
  answer.writeUInt32LE(UNRESTRICTED_IOCTL, 12);
  answer.writeUInt32LE(MAX_TRANSFER, 16);
  answer.writeUInt32LE(MAX_TRANSFER, 20);
  return answer;
}

/** struct fuse_ioctl_in: handle, flags, command, argument, sizes of what follows and of the room for the answer. */
async function answerIoctl(
  body: Buffer,
  ioctl: (call: IoctlCall) => Promise<IoctlAnswer>,
  reply: (errno: number, ...parts: Buffer[]) => Promise<unknown>,
): Promise<void> {
  const call: IoctlCall = {
    command: body.readUInt32LE(12),
    argument: body.readBigUInt64LE(16),
    input: body.subarray(32, 32 + body.readUInt32LE(24)),
    outputRoom: body.readUInt32LE(28),
  };
  const answer: IoctlAnswer = await ioctl(call).catch(() => ({ errno: EIO }));
  if ('errno' in answer) await reply(answer.errno);
  else if ('output' in answer) await reply(0, Buffer.alloc(16), answer.output);
  else {
    // struct fuse_ioctl_out: result, flags, number of pieces to read and to write, which follow.
    const out = Buffer.alloc(16);
    out.writeUInt32LE(IOCTL_RETRY, 4);
    out.writeUInt32LE(answer.need.read.length, 8);
    out.writeUInt32LE(answer.need.write.length, 12);
    await reply(0, out, ...[...answer.need.read, ...answer.need.write].map(piece));
  }
}

function piece({ address, length }: Piece): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE(address, 0);
  bytes.writeBigUInt64LE(BigInt(length), 8);
  return bytes;
}
