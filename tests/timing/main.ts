// SPDX-License-Identifier: Apache-2.0
/**
 * `node tests/timing/main.ts [--seed N]`: measures whether comparisons with secrets take the same time whatever they are compared with. Ends with 1 when
 * one does not, and when the controls, which must show a leak, show none: then nothing was measured.
 */
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SqliteStore } from '@enclave-vault/stores/sqlite';
import { defaultSchema, systemClock, Vault } from '@enclave-vault/vault';
import { InProcessEnclave } from '../../host/vault/test/support/in-process-enclave.ts';
import { LocalKms } from '../../host/vault/test/support/local-kms.ts';
import { runsOf, type Subject } from './measure.ts';
import { authentication, CONTROL, MAC_CONTROL, OPENSSL, SUBJECTS } from './subjects.ts';
import { type Difference, judged, median } from './welch.ts';

const { values } = parseArgs({ options: { seed: { type: 'string', default: String(randomInt(2 ** 31)) } } });
const seed = Number(values.seed);
const folder = mkdtempSync(join(tmpdir(), 'timing-'));
const system = systemClock();
const clock = { offset: 0, now: () => system.now() + clock.offset };
const kms = new LocalKms();
const store = SqliteStore.open(join(folder, 'vault.db'));
const sink = { append: async () => undefined };
const vault = await Vault.open({
  store,
  kms,
  enclave: new InProcessEnclave(kms),
  sink,
  clock,
  schema: defaultSchema(),
});
let [passed, failed] = [0, 0];

try {
  console.log(
    `timing: seed ${seed}; the run in the middle of five, |t| of Welch's test, difference of means`,
  );
  const controls = new Map<Subject, Difference[]>();
  for (const control of [CONTROL, MAC_CONTROL]) {
    const runs = await runsOf(control, seed);
    controls.set(control, runs);
    decide(control, runs, judged(runs) === 'leaks', 'seen, as it must be', 'NOT SEEN: nothing was measured');
  }
  const { token } = await vault.keys.bootstrap();
  const api = authentication(vault, token, clock);
  for (const subject of [...SUBJECTS, ...api.judged]) {
    const control = subject.calls === CONTROL.calls ? CONTROL : MAC_CONTROL;
    const runs = await runsOf(subject, seed);
    decide(subject, runs, judged(runs, controls.get(control)) === 'constant', 'no difference', 'LEAKS');
  }
  for (const subject of [...api.reported, ...OPENSSL])
    print(subject, await runsOf(subject, seed), 'reported');
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  await vault.close();
  rmSync(folder, { recursive: true, force: true });
}

function decide(subject: Subject, runs: readonly Difference[], good: boolean, yes: string, no: string): void {
  if (good) passed += 1;
  else failed += 1;
  print(subject, runs, good ? yes : no);
}

function print({ name, classes }: Subject, runs: readonly Difference[], verdict: string): void {
  const { t, ns } = median(runs);
  const all = runs.map((run) => run.t.toFixed(1)).join(', ');
  console.log(
    `${name}: ${verdict}\n  ${classes.join(' / ')}: t ${t.toFixed(1)} (${all}), ${ns.toFixed(1)} ns`,
  );
}
