// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';

const taskset = (...args: readonly string[]): string =>
  execFileSync('taskset', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** `0-2,5` as numbers. */
export const processorsOf = (list: string): number[] =>
  list.split(',').flatMap((part) => {
    const [from = Number.NaN, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });

/** Processors that this process may run on; undefined where `taskset` (util-linux) is not there. */
export function processors(): readonly number[] | undefined {
  try {
    const list = /list: ([\d,-]+)\s*$/.exec(taskset('-c', '-p', String(process.pid)))?.[1];
    return list === undefined ? undefined : processorsOf(list);
  } catch {
    return undefined;
  }
}

/**
 * Has this process and all that it starts meanwhile, which inherit it, run on so many processors; undefined: on those that it has.
 * Whatever is started here must end before it is over: it stays where it was put.
 */
export async function onProcessors<T>(count: number | undefined, work: () => Promise<T>): Promise<T> {
  if (count === undefined) return await work();
  const all = processors();
  if (all === undefined) throw new Error('taskset does not say which processors there are');
  // All threads: Node has some beside the one that runs this.
  const put = (some: readonly number[]): unknown =>
    taskset('-a', '-c', '-p', some.join(','), String(process.pid));
  put(all.slice(0, count));
  try {
    return await work();
  } finally {
    put(all);
  }
}
