// SPDX-License-Identifier: Apache-2.0
import type { Tally } from './client.ts';
import { type Cluster, PROCESSES, type ProcessName } from './cluster.ts';
import { type Random, sleep } from './random.ts';
import type { Workload } from './workload.ts';

/** One of the processes, or all of them at the same moment: as near to a power cut as a process can come. */
export type Victim = ProcessName | 'everything';

/** Longer than the longest back-off (30 s, of enclaves) and a start on a busy machine. */
const REPLACED_MS = 150_000;
const WRITE_MS = 90_000;
/** One kill in so many comes while the vault still recovers from the one before. */
const HASTE = 5;
/** Writes that are acknowledged between a recovery and the next kill. */
const WRITES_BETWEEN = 10;

/** A shuffled list in which every process has the same share, and everything at once one of twenty-five. */
export function plan(random: Random, kills: number): Victim[] {
  const cuts = Math.floor(kills / 25);
  const single = Array.from({ length: kills - cuts }, (_, i) => PROCESSES[i % PROCESSES.length] ?? 'api');
  return random.shuffled([...single, ...Array.from({ length: cuts }, (): Victim => 'everything')]);
}

export interface KillReport {
  readonly kills: Map<Victim, number>;
  /** From a kill until everything worked again, in milliseconds. */
  readonly recoveries: Map<Victim, number[]>;
  readonly inFlight: number[];
  readonly problems: string[];
}

/** Kills according to plan, each time in the middle of writes, and sees that somebody takes the place of the dead. */
export async function killAll(
  victims: readonly Victim[],
  {
    random,
    cluster,
    workload,
    tally,
  }: { random: Random; cluster: Cluster; workload: Workload; tally: Tally },
  progress: (done: number, victim: Victim, ms: number) => void,
): Promise<KillReport> {
  const report: KillReport = { kills: new Map(), recoveries: new Map(), inFlight: [], problems: [] };
  for (const [index, victim] of victims.entries()) {
    const hasty = index > 0 && random.below(HASTE) === 0;
    const began = Date.now();
    if (!(await prepared(report, { hasty, cluster, workload, tally }))) return report;
    const name = victim === 'everything' ? 'supervisor' : victim;
    const before = await cluster.pid(name, REPLACED_MS);
    if (before === undefined) {
      report.problems.push(`${name} was not running before kill ${index + 1}`);
      return report;
    }
    const all = victim === 'everything' ? await cluster.pids() : {};
    // Somewhere in the middle of a write, and not always at its beginning.
    if (!(await midWrite(random, tally))) report.problems.push(`no write under way at kill ${index + 1}`);
    report.inFlight.push(tally.writing);
    const killed = Date.now();
    cluster.kill({ ...all, [name]: before });
    report.kills.set(victim, (report.kills.get(victim) ?? 0) + 1);
    if ((await cluster.pid(name, REPLACED_MS, before)) === undefined) {
      report.problems.push(`nobody took the place of ${name} after kill ${index + 1}`);
      return report;
    }
    if (index + 1 < victims.length && !hasty) {
      if (!(await cluster.healthy(REPLACED_MS))) {
        report.problems.push(`not healthy after kill ${index + 1} (${victim})`);
        return report;
      }
      const times = report.recoveries.get(victim) ?? [];
      report.recoveries.set(victim, [...times, Date.now() - killed]);
    }
    progress(index + 1, victim, Date.now() - began);
  }
  return report;
}

/** Waits for the middle of a write, which is not always its beginning. */
async function midWrite(random: Random, tally: Tally): Promise<boolean> {
  const until = Date.now() + WRITE_MS;
  while (Date.now() < until) {
    await tally.nextWrite(WRITE_MS);
    await sleep(random.next() * 12);
    if (tally.writing > 0) return true;
  }
  return false;
}

/** Waits until the vault works and writes, unless the next kill is to come before that. */
async function prepared(
  report: KillReport,
  { hasty, cluster, workload, tally }: { hasty: boolean; cluster: Cluster; workload: Workload; tally: Tally },
): Promise<boolean> {
  if (hasty) return true;
  if (!(await cluster.healthy(REPLACED_MS))) {
    report.problems.push('not healthy in time');
    return false;
  }
  const goal = workload.writes + WRITES_BETWEEN;
  const until = Date.now() + WRITE_MS;
  while (workload.writes < goal && Date.now() < until && tally.wrong.length < 50) await sleep(5);
  if (workload.writes < goal) report.problems.push('no writes were acknowledged in time');
  return workload.writes >= goal;
}
