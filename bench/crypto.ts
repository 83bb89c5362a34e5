// SPDX-License-Identifier: Apache-2.0
/**
 * HPKE and the record formats against four other implementations and against the floor, in one run:
 * `npx node bench/crypto.ts [--json FILE] [--turns 100] [--fields 1,12,100] [--suites P-384] [--seconds 2]`.
 *
 * A row is one write or one read of so many fields, in this project's format (one encapsulation, a message a field) and in that of the AWS
 * sample (an encapsulation a field). Keys are read beforehand wherever a library can keep them. The floor is what nobody can leave out: the
 * ECDHs (and fresh key pairs when sealing) and AES-GCM on node:crypto, without any derivation. Python and Rust peers are processes of
 * their own that measure themselves; who is not to be had here is skipped, and the result says why.
 */

import { availableParallelism } from 'node:os';
import { P256, P384, P521 } from '@enclave-vault/hpke';
import { withCoresAwake } from './crypto/busy.ts';
import { candidatesOf } from './crypto/candidates.ts';
import { FLOOR, RUST } from './crypto/names.ts';
import { type Peer, startPython, startRust } from './crypto/peers.ts';
import type { CryptoResult, Row } from './crypto/result.ts';
import { stepsOf } from './crypto/steps.ts';
import { makeSubject } from './crypto/subject.ts';
import { type Target, targetsAwake, targetsOf, wantedOf } from './crypto/targets.ts';
import { measureThroughput } from './crypto/throughput.ts';
import { takeTurns } from './crypto/turns.ts';
import { demand, optionsOf } from './support/options.ts';
import { beginRun, writeResult } from './support/run.ts';
import { figure, times } from './support/table.ts';

const options = optionsOf('crypto', {
  json: { type: 'string' },
  turns: { type: 'string', default: '100' },
  fields: { type: 'string', default: '1,12,100' },
  suites: { type: 'string', default: 'P-384' },
  seconds: { type: 'string', default: '2' },
});
const run = beginRun('crypto');
const turns = Number(options.turns);
const counts = options.fields.split(',').map(Number);
const suites = [P256, P384, P521].filter(({ name }) => options.suites.split(',').includes(name));
const seconds = Number(options.seconds);
const bad = (value: number): boolean => !Number.isFinite(value) || value <= 0;
demand(
  !bad(turns) && !bad(seconds) && counts.every((count) => !bad(count) && count <= 100) && suites.length > 0,
  '--turns and --seconds are above 0, --fields 1 to 100, --suites of P-256, P-384 and P-521',
);

const report = (line: string): void => console.error(line);
report('peers: hpke-py and rustls are installed and built at the first time, which takes minutes');
const started = [startPython(), startRust()];
const peers: Peer[] = [];
const known: Record<string, { version: string } | { missing: string }> = {};
for (const peer of started) {
  if ('missing' in peer) {
    report(`SKIPPED: ${peer.name} (${peer.missing})`);
    known[peer.name] = { missing: peer.missing };
  } else {
    peers.push(peer);
    known[peer.name] = { version: peer.version };
  }
}

try {
  const rows: Row[] = [];
  for (const suite of suites) {
    for (const fields of counts) {
      const subject = makeSubject(suite, fields);
      for (const peer of peers) await peer.load(subject);
      for (const direction of ['open', 'seal'] as const) {
        for (const format of ['shared', 'each'] as const) {
          report(`${suite.name}: ${direction} ${fields}, ${format}`);
          const candidates = await candidatesOf(direction, format, subject, peers);
          rows.push({
            suite: suite.name,
            direction,
            format,
            fields,
            candidates: await takeTurns(candidates, turns),
          });
        }
      }
    }
  }
  const subject = makeSubject(P384, 12);
  for (const peer of peers) await peer.load(subject);
  report('P-384: open 12 with all cores awake');
  const awake = await withCoresAwake(async () => {
    const both: Row[] = [];
    for (const format of ['shared', 'each'] as const) {
      const candidates = await takeTurns(await candidatesOf('open', format, subject, []), turns);
      both.push({ suite: P384.name, direction: 'open', format, fields: 12, candidates });
    }
    return both;
  });
  report('P-384: steps');
  const steps = await takeTurns(stepsOf(subject, peers), turns * 2);
  const throughput = await measureThroughput(subject, seconds * 1000, report);
  const rust = peers.find(({ name }) => name === RUST);
  const rustRates: Record<string, number> = {};
  for (const work of ['open-shared', 'open-each', 'seal-shared', 'seal-each'] as const) {
    if (rust === undefined) break;
    report(`throughput: ${RUST}, ${work}`);
    rustRates[work] = (await rust.rate(work, availableParallelism(), seconds * 1000)) / seconds;
  }
  const result: CryptoResult = {
    ...run,
    peers: known,
    openssl: process.versions.openssl,
    turns,
    rows,
    awake,
    steps,
    throughput,
    ...(rust === undefined ? {} : { rustRates }),
  };
  print(result);
  writeResult(options.json, result);
} finally {
  for (const peer of peers) peer.close();
}

function print(result: CryptoResult): void {
  console.log(
    `Node ${process.version} with OpenSSL ${result.openssl}, load ${result.machine.load} before; medians in ms (to the floor)`,
  );
  for (const { suite, direction, format, fields, candidates } of result.rows) {
    const floor = candidates[FLOOR]?.median ?? Number.NaN;
    console.log(
      `\n${suite}: ${direction} ${fields}, ${format === 'shared' ? 'one encapsulation' : 'an encapsulation a field'}`,
    );
    for (const [name, { median, p10, p90 }] of Object.entries(candidates)) {
      console.log(
        `  ${name.padEnd(30)} ${figure(median).padStart(8)}  ${times(median / floor).padStart(8)}  (${figure(p10)}–${figure(p90)})`,
      );
    }
  }
  console.log('\nP-384, steps');
  for (const [name, { median, p10, p90 }] of Object.entries(result.steps)) {
    console.log(`  ${name.padEnd(48)} ${figure(median).padStart(8)}  (${figure(p10)}–${figure(p90)})`);
  }
  console.log('\nP-384, records of 12 fields a second; median and p99 in ms');
  for (const { direction, way, clients, rate, median, p99 } of result.throughput) {
    console.log(
      `  ${direction} ${String(clients).padStart(2)} at once, ${way.padEnd(14)} ${figure(rate).padStart(8)}  ${figure(median)} ${figure(p99)}`,
    );
  }
  for (const [work, rate] of Object.entries(result.rustRates ?? {})) {
    console.log(`  ${RUST}, ${work.padEnd(12)} ${figure(rate).padStart(8)}`);
  }
  printTargets('', targetsOf(result));
  printTargets(', all cores awake', targetsAwake(result));
}

function printTargets(how: string, targets: readonly Target[]): void {
  console.log(`\nTargets, opening 12 fields with P-384${how}`);
  for (const target of targets) {
    const { what, ratio, noise, verdict } = target;
    const shown = `${times(ratio)} ${what}, wanted ${wantedOf(target)}, noise ${times(noise)}`;
    console.log(`  ${verdict.replace(/^not/, 'NOT')}: ${shown}`);
  }
}
