// SPDX-License-Identifier: Apache-2.0
/**
 * Kills the vault's processes with SIGKILL while clients write, and sees what is left: `bash tests/heavy/kill.sh`.
 * Environment: KILL_COUNT (100), KILL_SEED (printed), KILL_WORKERS (12), KILL_RECORDS (2500: then updates only).
 */
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checks } from '../../support/checks.ts';
import { run } from '../../support/local-vault.ts';
import { Client, Tally } from './client.ts';
import { Cluster } from './cluster.ts';
import { type KillReport, killAll, plan } from './killer.ts';
import type { LedgerRecord } from './ledger.ts';
import { Random } from './random.ts';
import { checkStore, compare } from './store-check.ts';
import { Workload } from './workload.ts';

const number = (name: string, preset: number) => Number(process.env[name] ?? preset);
const KILLS = number('KILL_COUNT', 100);
const WRITES = 1_000;
const seed = number('KILL_SEED', randomInt(2 ** 31));
const began = Date.now();
const seconds = () => `${Math.round((Date.now() - began) / 1000)} s`;

console.log(`seed ${seed} (KILL_SEED=${seed} repeats the choices), ${KILLS} kills`);
const random = new Random(seed);
const checks = new Checks();
const data = mkdtempSync(join(tmpdir(), 'ev-kill-'));
const cluster = await Cluster.start(data, await freePort());
process.once('exit', () => cluster.abandon());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const tally = new Tally();
const client = new Client(Number(new URL(cluster.vault.url).port), cluster.vault.adminKey, tally);
const workload = new Workload({
  client,
  workers: number('KILL_WORKERS', 12),
  maxRecords: number('KILL_RECORDS', 2_500),
});
await workload.start(random.fork());
const report = await killAll(
  plan(random, KILLS),
  { random: random.fork(), cluster, workload, tally },
  (done, victim, ms) => {
    if (done % 5 === 0 || ms > 10_000)
      console.log(`  ${seconds()}: ${done} kills (last: ${victim}, ${ms} ms), ${workload.writes} writes`);
  },
);
if (await cluster.healthy(60_000))
  while (workload.writes < WRITES) await new Promise((r) => setTimeout(r, 50));
await workload.stop();
printReport(report);

await checkRun();
await checkRecords();
await checkAudit('while it runs');
let { code, left } = await cluster.stop();
// Five seconds are promised; a machine that stood still in them gets them once more.
if (code === 1) {
  console.log('once more: the vault did not end in order within five seconds');
  await cluster.again();
  ({ code, left } = await cluster.stop());
}
checks.that('a last SIGTERM ends the vault in order', code === 0, `exit code ${code}`);
checks.none('no process is left', left.map(String));
checkFile();
await checkAudit('at rest');
client.close();
if (checks.failed === 0) rmSync(data, { recursive: true, force: true });
else {
  writeFileSync(join(data, 'output.log'), cluster.vault.output);
  console.log(`the data folder is kept: ${data}`);
}
console.log(`${seconds()} in all`);
checks.finish();

async function checkRun(): Promise<void> {
  const killed = [...report.kills.values()].reduce((a, b) => a + b, 0);
  checks.none(
    `${KILLS} processes were killed in the middle of writes, and each was replaced`,
    killed === KILLS ? report.problems : [...report.problems, `${killed} kills`],
  );
  checks.that(`at least ${WRITES} writes were acknowledged`, workload.writes >= WRITES, `${workload.writes}`);
  checks.none('no answer was of 500 and above but 503 with Retry-After, and none stayed out', tally.wrong);
  checks.none('no answer contradicted what was acknowledged', workload.mismatches);
  checks.none('no process died of anything but a kill', cluster.ownDeaths);
  checks.none('no process outlived its supervisor', cluster.orphans.map(String));
  checks.none('a vault starts at once after its supervisor was killed', cluster.failedStarts);
}

async function checkRecords(): Promise<void> {
  const { records } = workload;
  const decrypted = await each(records, (record) => workload.check(random, record));
  checks.none(
    `all ${records.length} acknowledged records decrypt to their last acknowledged state`,
    decrypted,
  );
  const revisions = await each(records, (record) => workload.checkRevision(random, record));
  checks.none(`each of ${workload.writes} acknowledged writes is one revision, retried or not`, revisions);
}

function checkFile(): void {
  const { integrity, records, incomplete, entries, dangling } = checkStore(join(data, 'vault.db'));
  checks.that('the store file is sound', integrity === 'ok', integrity);
  checks.none('every record in the store is whole and has its audit entries', incomplete);
  const different = compare(records, workload.records);
  checks.none('the store holds the acknowledged records and no others, with their fields', different);
  checks.that('every kept answer names a record', dangling === 0, `${dangling} do not`);
  const least = workload.writes + workload.reads + workload.records.length;
  checks.that(
    'there is an audit entry for each acknowledged call',
    entries >= least,
    `${entries} < ${least}`,
  );
}

async function checkAudit(when: string): Promise<void> {
  const heads = join(data, 'audit-heads.log');
  const answer = await run(['audit', 'verify', '--against', heads, '--data', data, '--json']);
  const { chains = 0, entries = 0, findings = [{ code: 'unreadable' }] } = parse(answer.out);
  const problems = findings.map((finding) => JSON.stringify(finding));
  if (answer.code !== 0) problems.push(`exit code ${answer.code}: ${answer.err.slice(-400)}`);
  if (chains < workload.records.length) problems.push(`${chains} chains`);
  checks.none(`audit verify, ${when}: ${chains} chains, ${entries} entries, held against the sink`, problems);
}

/** Runs a check for all records, 16 at a time. */
async function each(
  records: readonly LedgerRecord[],
  check: (record: LedgerRecord) => Promise<string | undefined>,
): Promise<string[]> {
  const problems: string[] = [];
  const rest = records.values();
  const work = async () => {
    for (const record of rest) {
      const problem = await check(record);
      if (problem !== undefined) problems.push(problem);
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
  return problems;
}

function printReport({ kills, recoveries, inFlight }: KillReport): void {
  console.log(
    `${seconds()}: ${workload.creates} creates, ${workload.updates} updates, ${workload.reads} decrypts`,
  );
  for (const [victim, count] of kills) {
    const times = (recoveries.get(victim) ?? []).toSorted((a, b) => a - b);
    const [median, worst] = [times[times.length >> 1], times.at(-1)];
    console.log(`  ${victim}: ${count} kills; healthy again after ${median} ms, at most ${worst} ms`);
  }
  const writing = inFlight.toSorted((a, b) => a - b);
  console.log(`  writes under way at a kill: median ${writing[writing.length >> 1]}, at least ${writing[0]}`);
  const again = [...tally.again].map(([code, count]) => `${code} ${count}`).join(', ');
  console.log(`  retried: ${tally.unanswered} without an answer; 503: ${again === '' ? 'none' : again}`);
}

function parse(text: string): { chains?: number; entries?: number; findings?: unknown[] } {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** A port that is free now. The vault keeps it over its restarts, as a user's would. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
