// SPDX-License-Identifier: Apache-2.0
/**
 * The store and the sink for AWS against stand-ins for DynamoDB and CloudWatch Logs: `bash tests/heavy/dynamodb.sh`. Prints the calls
 * of each route, and `N passed, N failed`. A stand-in that cannot be had is named, and its suites are skipped.
 * Not run.heavy.ts: interop.sh runs those, and this is longer.
 */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, type Prepared, prepareDynamoDbLocal, prepareMoto, startPeer } from './prepare.ts';

const ROOT = join(import.meta.dirname, '../../..');
const REPORT = join(ROOT, '.cache/dynamodb/report.json');
const CALLS = join(ROOT, '.cache/dynamodb/calls.md');

const PEERS: readonly [string, string, (port: number) => Prepared][] = [
  ['DynamoDB Local', 'DYNAMODB_LOCAL', prepareDynamoDbLocal],
  ['moto', 'MOTO', prepareMoto],
];

const children: ChildProcess[] = [];
const env: Record<string, string> = { CALLS };
try {
  for (const [name, variable, prepare] of PEERS) {
    const port = await freePort();
    const prepared = prepare(port);
    if ('missing' in prepared) {
      console.log(`SKIPPED: suites against ${name} (${prepared.missing})`);
      continue;
    }
    children.push(await startPeer(prepared, port));
    env[variable] = `http://127.0.0.1:${port}`;
  }
  if (children.length === 0) {
    console.log('0 passed, 0 failed');
  } else {
    for (const file of [REPORT, CALLS]) rmSync(file, { force: true });
    const { status } = spawnSync(
      process.execPath,
      [
        join(ROOT, 'node_modules/vitest/vitest.mjs'),
        'run',
        '--config',
        join(import.meta.dirname, 'vitest.config.ts'),
        '--reporter=default',
        '--reporter=json',
        `--outputFile=${REPORT}`,
      ],
      { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env }, timeout: 2_400_000 },
    );
    if (existsSync(CALLS)) console.log(`\n${readFileSync(CALLS, 'utf8')}`);
    spawnSync(process.execPath, [join(ROOT, 'tools/ci/count.ts'), REPORT], { stdio: 'inherit' });
    process.exitCode = status === 0 ? 0 : 1;
  }
} finally {
  for (const child of children) child.kill('SIGKILL');
}
