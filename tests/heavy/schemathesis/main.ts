// SPDX-License-Identifier: Apache-2.0
/**
 * Schemathesis against the running vault: `bash tests/heavy/schemathesis.sh`. Calls every operation of the OpenAPI
 * document with what the document allows and with what it forbids, alone and in sequences, and holds every answer
 * against it. Environment: SCHEMATHESIS_SEED (1), SCHEMATHESIS_SECONDS (100).
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checks } from '../../support/checks.ts';
import { LocalVault, run } from '../../support/local-vault.ts';
import { prepareSchemathesis } from './python.ts';

const SEED = process.env.SCHEMATHESIS_SEED ?? '1';
const SECONDS = process.env.SCHEMATHESIS_SECONDS ?? '100';

interface Report {
  readonly stop_reason: string;
  readonly operations: { readonly total: number; readonly tested: number };
  readonly test_cases: { readonly generated: number; readonly errored: number };
  readonly failures: readonly { title: string; count: number; operations: string[] }[];
  readonly errors: readonly unknown[];
  /** What became of requests that the document allows, by operation and phase. */
  readonly valid_rates: Readonly<Record<string, Readonly<Record<string, { readonly accepted: number }>>>>;
}

const show = (line: unknown) => JSON.stringify(line);

const prepared = prepareSchemathesis();
if ('missing' in prepared) {
  console.log(`SKIPPED: schemathesis (${prepared.missing})`);
  console.log('0 passed, 0 failed');
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), 'ev-schemathesis-'));
const vault = await LocalVault.start({ data: join(folder, 'vault') });
process.once('exit', () => vault.process.kill('SIGTERM'));
try {
  await examine(prepared.command);
} finally {
  await vault.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function examine(command: string): Promise<void> {
  const checks = new Checks();
  // A key of its own with all rights: should a case revoke it, the administrator still has his.
  const made = await vault.call('POST', '/v1/keys', { scopes: scopes() });
  if (typeof made.json.token !== 'string') throw new Error(`no API key was made: ${made.status}`);
  await schemathesis(command, made.json.token);
  const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as Report;
  const { operations, test_cases: cases } = report;
  console.log(
    `${cases.generated} cases of ${operations.tested} operations, seed ${SEED}: ${report.stop_reason}`,
  );
  for (const [name, problems] of results()) checks.none(name, problems);
  checks.that('every operation was tested', operations.tested === operations.total, `${operations.tested}`);
  checks.none('every operation did what it is for at least once', neverAccepted(report));
  checks.that(
    'no case ended in an error',
    cases.errored === 0 && report.errors.length === 0,
    `${cases.errored}`,
  );
  checks.that(
    'the vault is well',
    (await vault.call('GET', '/health', undefined, { key: null })).status === 200,
  );
  checks.none('no process died or logged an error', [...vault.logged('process_died'), ...errors()].map(show));
  const heads = join(vault.data, 'audit-heads.log');
  const audit = await run(['audit', 'verify', '--against', heads, '--data', vault.data]);
  checks.that('the audit verifies', audit.code === 0, audit.out.slice(-600) + audit.err.slice(-300));
  checks.finish();
}

function scopes(): string[] {
  return 'create read update delete decrypt'
    .split(' ')
    .map((name) => `vaults:${name}`)
    .concat('audit:read', 'keys:admin');
}

function schemathesis(command: string, key: string): Promise<number | null> {
  const args = [
    ...['--config-file', join(import.meta.dirname, 'schemathesis.toml'), '--no-color'],
    ...['run', `${vault.url}/v1/openapi.json`, '--seed', SEED, '--max-time', SECONDS],
    // DELETE /v1/vaults/{id} removes fields as well as vaults, and a vault whose fields are removed is still there. Said here, since
    // `--checks all` outdoes a configuration that turns one off.
    ...['--checks', 'all', '--exclude-checks', 'use_after_free'],
    ...['--max-examples', '40', '--request-timeout', '20', '--suppress-health-check', 'all'],
    ...['--report', 'junit,json', '--report-junit-path', join(folder, 'report.xml')],
    ...['--report-json-path', join(folder, 'report.json')],
  ];
  mkdirSync(join(folder, 'work'));
  const { PATH, HOME, LANG } = process.env;
  const env = { PATH, HOME, LANG, ENCLAVE_VAULT_KEY: key, PYTHONPATH: import.meta.dirname };
  const child = spawn(command, args, {
    cwd: join(folder, 'work'),
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  return new Promise((resolve) => child.once('exit', resolve));
}

/** One result for each operation, and one for the sequences of calls: a test case of the JUnit report. */
function results(): [name: string, problems: string[]][] {
  const xml = readFileSync(join(folder, 'report.xml'), 'utf8');
  return [...xml.matchAll(/<testcase name="([^"]*)"[^>]*?(\/>|>(.*?)<\/testcase>)/gs)].map(
    ([, name, , inner]) => [
      `${name}: no 5xx, no answer off the document`,
      [...(inner ?? '').matchAll(/<(?:failure|error)[^>]*message="([^"]{0,300})/g)].map(
        ([, text]) => text ?? '',
      ),
    ],
  );
}

/** Operations of which no request was accepted: a key without rights would pass all other checks. */
function neverAccepted({ valid_rates: rates }: Report): string[] {
  const accepted = (operation: string) =>
    Object.values(rates[operation] ?? {}).reduce((sum, phase) => sum + phase.accepted, 0);
  const names = [...Object.keys(rates), 'POST /v1/vaults', 'POST /v1/vaults/{id}/decrypt'];
  return [...new Set(names)].filter((name) => accepted(name) === 0);
}

/** What any process logged as an error. */
function errors(): unknown[] {
  return vault.output.split('\n').filter((line) => line.includes('"level":"error"'));
}
