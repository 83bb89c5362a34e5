// SPDX-License-Identifier: Apache-2.0
import { vi } from 'vitest';

/** All that the process writes from now on, instead of writing it. */
export function captureOutput() {
  const lines: string[] = [];
  const take = (chunk: unknown): boolean => {
    lines.push(
      ...String(chunk)
        .split('\n')
        .filter((line) => line !== ''),
    );
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(take);
  vi.spyOn(process.stderr, 'write').mockImplementation(take);
  const parsed = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    lines,
    /** Lines of the log with this event. */
    events: (event: string) => parsed().filter((line) => line.event === event),
    /** Lines in the embedded metric format that hold this metric. */
    metrics: (name: string) => parsed().filter((line) => '_aws' in line && name in line),
    end: () => void vi.restoreAllMocks(),
  };
}
