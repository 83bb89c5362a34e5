// SPDX-License-Identifier: Apache-2.0

export type LogLevel = 'info' | 'warn' | 'error';

/** Writes one event. Fields are codes, counts and ids: never a body, a credential or a token. */
export type Log = (level: LogLevel, event: string, fields?: Readonly<Record<string, unknown>>) => void;

/** JSON lines in the shape that all processes of the vault share. */
export function createLog(process: string, write: (line: string) => void): Log {
  return (level, event, fields = {}) => {
    write(`${JSON.stringify({ time: new Date().toISOString(), level, process, event, ...fields })}\n`);
  };
}
