// SPDX-License-Identifier: Apache-2.0

export type Level = 'debug' | 'info' | 'warn' | 'error';
export interface LogLine {
  readonly time?: string;
  readonly level?: string;
  readonly process?: string;
  readonly event?: string;
  readonly [key: string]: unknown;
}

/** One JSON line on stderr, the same shape that every process of the vault writes. */
export function log(level: Level, event: string, fields: Record<string, unknown> = {}): void {
  const line = { time: new Date().toISOString(), level, process: 'dev', event, ...fields };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}
