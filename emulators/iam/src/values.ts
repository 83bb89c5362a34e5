// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';

/* Readers of condition values. Each gives null for what it cannot read; a comparison with null never matches. */

export function readBool(text: string): boolean | null {
  const lower = text.toLowerCase();
  if (lower === 'true') return true;
  return lower === 'false' ? false : null;
}

/** Integers and decimals. */
export function readNumber(text: string): number | null {
  return /^[+-]?[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : null;
}

/** ISO 8601 as W3C's profile has it, or seconds since the epoch. In milliseconds. */
export function readDate(text: string): number | null {
  if (/^[0-9]{5,}(\.[0-9]+)?$/.test(text)) return Number(text) * 1000;
  const match =
    /^[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2}))?)?)?$/.exec(
      text,
    );
  const time = match === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? null : time;
}

/** Canonical base64, compared byte by byte. */
export function readBinary(text: string): string | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? text : null;
}

export interface Network {
  readonly family: 4 | 6;
  readonly address: bigint;
  readonly prefix: number;
}

/** An address, or a network in CIDR notation, of either family. */
export function readNetwork(text: string): Network | null {
  const [address = '', length, ...rest] = text.split('/');
  const family = isIP(address);
  if (rest.length > 0 || (family !== 4 && family !== 6) || address.includes('%')) return null;
  const bits = family === 4 ? 32 : 128;
  if (length !== undefined && !/^[0-9]{1,3}$/.test(length)) return null;
  const prefix = length === undefined ? bits : Number(length);
  if (prefix > bits) return null;
  return { family, address: family === 4 ? readV4(address) : readV6(address), prefix };
}

/** Whether an address (or a whole network) lies in a network. */
export function contains(network: Network, inner: Network): boolean {
  if (network.family !== inner.family || inner.prefix < network.prefix) return false;
  const shift = BigInt((network.family === 4 ? 32 : 128) - network.prefix);
  return network.address >> shift === inner.address >> shift;
}

function readV4(address: string): bigint {
  return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function readV6(address: string): bigint {
  const dotted = address.lastIndexOf(':') + 1;
  const tail = address.slice(dotted);
  const hex = tail.includes('.')
    ? address.slice(0, dotted) +
      readV4(tail)
        .toString(16)
        .padStart(8, '0')
        .replace(/(.{4})/, '$1:')
    : address;
  const [head = '', rest] = hex.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = rest === undefined || rest === '' ? [] : rest.split(':');
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0');
  return [...front, ...zeros, ...back].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}
