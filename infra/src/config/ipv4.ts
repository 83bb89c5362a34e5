// SPDX-License-Identifier: Apache-2.0
import { Unwanted } from '@enclave-vault/settings';

/** An IPv4 block in CIDR notation (RFC 4632): all addresses that have its first bits. */
export interface Block {
  /** Its first address as a number. */
  readonly first: number;
  /** How many bits are fixed: 0 to 32. */
  readonly bits: number;
}

/**
 * Reads `10.64.0.0/20`, of which the bits behind the prefix must be zero: another address of the block may be a slip.
 * @throws {Unwanted} with a reason for a setting's reader
 */
export function parseBlock(text: string): Block {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (parts === null) throw new Unwanted();
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = parts.slice(1).map(Number);
  if (Math.max(a, b, c, d) > 255 || bits > 32) throw new Unwanted();
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  if (first % 2 ** (32 - bits) !== 0) {
    throw new Unwanted(`has bits set behind /${bits}: not the first address of its block`);
  }
  return { first, bits };
}

export function formatBlock({ first, bits }: Block): string {
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${bits}`;
}

export function overlap(one: Block, other: Block): boolean {
  return within(one, other) || within(other, one);
}

/** Whether every address of `inner` is one of `outer`. */
export function within(inner: Block, outer: Block): boolean {
  const size = 2 ** (32 - outer.bits);
  return inner.bits >= outer.bits && Math.floor(inner.first / size) === Math.floor(outer.first / size);
}

/** The block's part number `index` when it is cut into parts of `bits`. */
export function part(block: Block, bits: number, index: number): Block {
  if (bits < block.bits || bits > 32 || index >= 2 ** (bits - block.bits))
    throw new RangeError('no such part');
  return { first: block.first + index * 2 ** (32 - bits), bits };
}

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].map(parseBlock);

/** Whether no address of the block is one of the internet's (RFC 1918 and RFC 6598). */
export function isPrivate(block: Block): boolean {
  return PRIVATE.some((range) => within(block, range));
}
