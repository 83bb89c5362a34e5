// SPDX-License-Identifier: Apache-2.0

export type LogLevel = 'info' | 'warn' | 'error';
export type Log = (level: LogLevel, event: string, fields?: Readonly<Record<string, unknown>>) => void;

/** JSON lines with time, level, process and event. */
export function createLog(processName: string, write: (line: string) => void): Log {
  return (level, event, fields = {}) => {
    const line = { time: new Date().toISOString(), level, process: processName, event, ...fields };
    write(`${JSON.stringify(line)}\n`);
  };
}
