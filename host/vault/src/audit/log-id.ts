// SPDX-License-Identifier: Apache-2.0

/** Sort key of a chain's head: after every number. */
export const HEAD = 'head';

const PREFIX = 'LOG##';
const DIGITS = 12;

/** A record's chain has the record's id. */
export function recordLog(vaultId: string): string {
  return vaultId;
}

/** The chain of an API key: its creation and revocation. */
export function keyLog(keyId: string): string {
  return `key_${keyId}`;
}

/** A tenant's chain of what concerns no record: denials, and failures where a record's own chain can't be trusted. */
export function systemLog(tenant: string): string {
  return `system_${tenant}`;
}

/** Partition key of a chain. */
export function logPartition(log: string): string {
  return `${PREFIX}${log}`;
}

export function logOfPartition(pk: string): string {
  return pk.slice(PREFIX.length);
}

/** All chains, for a scan. */
export const LOG_PREFIX = PREFIX;

/** Sort key of entry n. */
export function entrySortKey(n: number): string {
  return String(n).padStart(DIGITS, '0');
}
