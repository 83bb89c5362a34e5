// SPDX-License-Identifier: Apache-2.0
import { type AuditHead, formatTime, parseTime } from '@enclave-vault/vault';

/** Follows a line that a crash cut off. */
export const TORN_MARK = '{"torn":true}';

/** @returns a head as one line of JSON, with its end */
export function formatLine({ log, n, hash, time }: AuditHead): string {
  return `${JSON.stringify({ log, n, hash: Buffer.from(hash).toString('hex'), time: formatTime(time) })}\n`;
}

/** @returns undefined when the line is not a head */
export function parseLine(line: string): AuditHead | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { log, n, hash, time, ...rest } = value as Record<string, unknown>;
  if (typeof log !== 'string' || log === '' || !Number.isSafeInteger(n) || Object.keys(rest).length > 0)
    return undefined;
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash) || typeof time !== 'string') return undefined;
  const micros = parseTime(time);
  if (micros === undefined || Number(n) < 1) return undefined;
  return { log, n: Number(n), hash: Buffer.from(hash, 'hex'), time: micros };
}
