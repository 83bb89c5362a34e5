// SPDX-License-Identifier: Apache-2.0
/** The Nitro Secure Module's device: one ioctl, CBOR in and CBOR out (linux/nsm.h, drivers/misc/nsm.c). */
import { LinuxError } from './errors.ts';
import { koffi } from './koffi.ts';
import { call, callAside, closeQuietly } from './libc.ts';

/** One request to the module and its response: CBOR both, which nothing here reads. Requests are made one after the other. */
export type NsmExchange = (request: Buffer) => Promise<Buffer>;

export interface NsmDevice {
  /** @throws LinuxError `message_too_large` above 4096 bytes, `not_this_device`, `device_failed`, … */
  readonly exchange: NsmExchange;
  /** After the exchange that is under way. */
  close(): Promise<void>;
}

/** Of drivers/misc/nsm.c: it takes no more (EMSGSIZE), and cuts off what does not fit. */
const MAX_REQUEST_BYTES = 0x1000;
const MAX_RESPONSE_BYTES = 0x3000;
/** _IOWR(0x0A, 0, struct nsm_raw) */
const NSM_IOCTL_RAW = 0xc020_0a00;
/** struct nsm_raw: the address and the length of the request, then of the response; u64 each. */
const RAW_BYTES = 32;
const RESPONSE_LENGTH_AT = 24;
const O_RDWR_CLOEXEC = 0o2000002;

/**
 * Opens the device. The ioctl waits for the hypervisor, up to two minutes if that is stuck, so it waits on a thread of libuv's pool; there is one at a
 * time, so it never has more than one of them.
 * @throws LinuxError `no_such_device`, `not_permitted`, `not_supported`
 */
export function openNsm(path = '/dev/nsm'): NsmDevice {
  const fd = call('open', path, O_RDWR_CLOEXEC);
  let last: Promise<unknown> = Promise.resolve();
  let open = true;

  const exchange: NsmExchange = (request) => {
    if (request.length > MAX_REQUEST_BYTES)
      return Promise.reject(new LinuxError('message_too_large', 'ioctl', 'EMSGSIZE'));
    if (!open) return Promise.reject(new LinuxError('bad_descriptor', 'ioctl', 'EBADF'));
    const turn = last.then(() => ioctl(fd, request));
    last = turn.catch(() => undefined);
    return turn;
  };
  const close = async (): Promise<void> => {
    if (!open) return;
    open = false;
    await last;
    closeQuietly(fd);
  };
  return { exchange, close };
}

/** For a program that keeps the device until it ends. @throws as openNsm */
export function openNsmDevice(path?: string): NsmExchange {
  return openNsm(path).exchange;
}

async function ioctl(fd: number, request: Buffer): Promise<Buffer> {
  // Copied, so that nobody changes or frees what the kernel is about to read.
  const sent = Buffer.alloc(MAX_REQUEST_BYTES);
  request.copy(sent);
  const received = Buffer.alloc(MAX_RESPONSE_BYTES);
  const raw = Buffer.alloc(RAW_BYTES);
  const { address } = koffi();
  raw.writeBigUInt64LE(address(sent), 0);
  raw.writeBigUInt64LE(BigInt(request.length), 8);
  raw.writeBigUInt64LE(address(received), 16);
  raw.writeBigUInt64LE(BigInt(received.length), RESPONSE_LENGTH_AT);
  await callAside('ioctl', fd, NSM_IOCTL_RAW, raw);
  // Read here, so that the three buffers live until the call is over.
  const length = Number(raw.readBigUInt64LE(RESPONSE_LENGTH_AT));
  sent.fill(0);
  if (length > received.length) throw new LinuxError('device_failed', 'ioctl');
  return received.subarray(0, length);
}
