// SPDX-License-Identifier: Apache-2.0

export const AF_VSOCK = 40;
export const SOCKADDR_VM_BYTES = 16;

/** An end of a vsock connection: the machine's context id, and a port. */
export interface VsockAddress {
  readonly cid: number;
  readonly port: number;
}

const MAX_U32 = 0xffff_ffff;

/**
 * struct sockaddr_vm (linux/vm_sockets.h): u16 family, u16 reserved, u32 port, u32 cid, u8 flags and zeros up to 16 bytes, in the machine's byte
 * order, which is little-endian on both architectures there are.
 * @throws RangeError
 */
export function encodeVsockAddress({ cid, port }: VsockAddress): Buffer {
  for (const [name, value] of Object.entries({ cid, port })) {
    if (!Number.isInteger(value) || value < 0 || value > MAX_U32) throw new RangeError(`no ${name} of vsock`);
  }
  const bytes = Buffer.alloc(SOCKADDR_VM_BYTES);
  bytes.writeUInt16LE(AF_VSOCK, 0);
  bytes.writeUInt32LE(port, 4);
  bytes.writeUInt32LE(cid, 8);
  return bytes;
}

/** @returns null for an address of another family */
export function decodeVsockAddress(bytes: Buffer): VsockAddress | null {
  if (bytes.length < SOCKADDR_VM_BYTES || bytes.readUInt16LE(0) !== AF_VSOCK) return null;
  return { port: bytes.readUInt32LE(4), cid: bytes.readUInt32LE(8) };
}
