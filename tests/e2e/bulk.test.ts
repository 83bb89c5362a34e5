// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalVault, run } from '../support/local-vault.ts';

const COMMAND = join(import.meta.dirname, '../../tools/admin/bin/enclave-vault.mjs');
const ROWS = 150;
const MORE = 60;
const folder = mkdtempSync(join(tmpdir(), 'ev-bulk-'));
const data = mkdtempSync(join(tmpdir(), 'ev-test-'));
let vault: LocalVault;
let port = 0;

beforeAll(async () => {
  port = await freePort();
  vault = await LocalVault.start({ data, args: ['--port', String(port)] });
});
afterAll(async () => {
  await vault?.stop();
  for (const made of [folder, data]) rmSync(made, { recursive: true, force: true });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** A command that goes on beside the test. */
class Beside {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  told = '';

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [COMMAND, ...args], {
      env: { PATH: process.env.PATH, ENCLAVE_VAULT_DATA: data },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.told += chunk.toString('utf8');
      });
    this.ended = new Promise((resolve) =>
      this.child.once('close', (code, signal) => resolve({ code, signal })),
    );
  }

  get report(): Record<string, unknown> {
    return JSON.parse(this.told.split('\n').find((line) => line.startsWith('{')) ?? '{}') as Record<
      string,
      unknown
    >;
  }
}

const command = (...args: string[]) => run(args, { ENCLAVE_VAULT_DATA: data });
const reportOf = ({ out }: { out: string }) => JSON.parse(out) as Record<string, unknown>;

async function until(holds: () => boolean): Promise<void> {
  for (const limit = Date.now() + 60_000; !holds(); await sleep(10))
    if (Date.now() > limit) throw new Error('it did not come to that');
}

const linesOf = (path: string): Record<string, unknown>[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const city = (kind: string, n: number): string => `CANARY ${kind}, "${n}"`;
function csvOf(kind: string, rows: number): string {
  const path = join(folder, `${kind}.csv`);
  const lines = Array.from(
    { length: rows },
    (_, i) => `"${city(kind, i + 1).replaceAll('"', '""')}",1985-12-10\r\n`,
  );
  writeFileSync(path, `\ufeffTown,dob\r\n${lines.join('')}`);
  return path;
}

/** Every id of the tenant, by the store; what they hold, by the enclave. */
async function everything(name: string): Promise<string[]> {
  const out = join(folder, `${name}.ndjson`);
  const all = await command('export', '--all', '--fields', 'city', '--reason', 'e2e', '--out', out);
  expect([all.code, all.err.includes('PLAINTEXT')]).toEqual([0, true]);
  return linesOf(out).map(({ data: held }) => String((held as { city: unknown }).city));
}

describe('an import into a running vault', () => {
  const csv = csvOf('in', ROWS);
  const ids = `${csv}.ids.ndjson`;
  const words = ['import', csv, '--map', 'Town=city'];

  it('ends at once with a key that is not taken, and leaves nothing behind', async () => {
    writeFileSync(join(folder, 'wrong.key'), `evk_01HV1XW70Q03PHK892JFQAY0Z5_${'x'.repeat(43)}`);
    const { code, err } = await command(...words, '--key-file', join(folder, 'wrong.key'));
    expect([code, err]).toEqual([1, expect.stringContaining('request_failed: 401 unauthenticated')]);
    expect(readdirSync(folder).sort()).toEqual(['in.csv', 'wrong.key']);
  });

  it('goes on after kill -9, and after Ctrl-C, and has made each row once', async () => {
    const killed = new Beside(...words, '--rate', '15');
    await until(() => existsSync(ids));
    killed.child.kill('SIGKILL');
    expect((await killed.ended).signal).toBe('SIGKILL');
    expect(linesOf(ids).length).toBeLessThan(ROWS);

    // What came after the last state is cut off, so it is longer only when the next run has come further.
    const { size } = statSync(ids);
    const stopped = new Beside(...words, '--rate', '5');
    await until(() => statSync(ids).size > size);
    stopped.child.kill('SIGINT');
    expect(await stopped.ended).toEqual({ code: 1, signal: null });
    expect(stopped.report).toMatchObject({ ended: 'stopped', unanswered: 0 });
    expect(stopped.told).toContain('start the same command again: it goes on after row');

    const rest = await command(...words, '--report', join(folder, 'report.json'));
    expect([rest.code, reportOf(rest)]).toEqual([
      0,
      expect.objectContaining({ ended: 'finished', rows: ROWS, done: ROWS }),
    ]);
    expect(linesOf(ids).map(({ row }) => row)).toEqual(Array.from({ length: ROWS }, (_, i) => i + 1));
    const wanted = Array.from({ length: ROWS }, (_, i) => city('in', i + 1));
    const out = join(folder, 'in-order.ndjson');
    await command('export', '--ids', ids, '--fields', 'city', '--reason', 'e2e', '--out', out, '--batch');
    expect(linesOf(out).map(({ data: held }) => (held as { city: string }).city)).toEqual(wanted);
    for (const name of readdirSync(folder).filter((one) => /report|state|ids/.test(one))) {
      expect([name, readFileSync(join(folder, name)).includes('CANARY')]).toEqual([name, false]);
      expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
    }
    for (const told of [killed.told, stopped.told, rest.out, rest.err]) expect(told).not.toContain('CANARY');
  });

  it('comes through a vault that is stopped and started in the middle', async () => {
    const lines = join(folder, 'restart.ndjson');
    writeFileSync(lines, Array.from({ length: MORE }, (_, i) => `{"city":"again ${i}"}\n`).join(''));
    const going = new Beside('import', lines, '--rate', '5');
    await until(() => existsSync(`${lines}.ids.ndjson`));
    await vault.stop({ keep: true });
    vault = await LocalVault.start({ data, args: ['--port', String(port)] });
    expect([await going.ended, going.report]).toEqual([
      { code: 0, signal: null },
      expect.objectContaining({ ended: 'finished', done: MORE }),
    ]);
    // As many records as rows, whatever the files say.
    const wanted = Array.from({ length: ROWS }, (_, i) => city('in', i + 1));
    const again = Array.from({ length: MORE }, (_, i) => `again ${i}`);
    expect((await everything('all')).sort()).toEqual([...wanted, ...again].sort());
  });

  it('names rows that the vault refuses, with exit code 3', async () => {
    const lines = join(folder, 'bad.ndjson');
    writeFileSync(lines, '{"ssn9":"CANARY"}\n{"city":"Graz"}\n{"city":"a","city":"b"}\n{"shoe":1}\n');
    const { code, out, err } = await command('import', lines);
    expect([code, reportOf({ out })]).toEqual([3, expect.objectContaining({ done: 1, refused: 3 })]);
    const refused = linesOf(join(folder, 'bad.ndjson.refused.ndjson'));
    expect(refused.map(({ row, code: why }) => [row, why])).toEqual([
      [1, 'invalid'],
      [3, 'json_duplicate_name'],
      [4, 'invalid'],
    ]);
    expect(refused[0]?.members).toEqual([{ path: '/fields/ssn9', code: 'format' }]);
    expect(JSON.stringify([refused, out, err])).not.toContain('CANARY');
  });

  it('goes on with a CSV that was mended where it was broken, as it said', async () => {
    const path = join(folder, 'broken.csv');
    const of = (second: string) => `city\nGraz\n${second}\nLinz\n`;
    writeFileSync(path, of('"CANARY"x'));
    const first = await command('import', path);
    expect([first.code, reportOf(first)]).toEqual([
      1,
      expect.objectContaining({ ended: 'failed', code: 'input_unreadable', rows: 1 }),
    ]);
    expect(first.err).toContain(
      'mend the input there, leave the rows before as they are, and start the same',
    );
    expect(first.err).not.toMatch(/CANARY|100% of the input/);
    writeFileSync(path, of('CANARYx'));
    const rest = await command('import', path);
    expect([rest.code, reportOf(rest)]).toEqual([
      0,
      expect.objectContaining({ ended: 'finished', done: 3, sent_again: 0 }),
    ]);
  });
});

describe('an export of a running vault', () => {
  it('goes on after kill -9, in order and without a record twice', async () => {
    const ids = join(folder, 'in.csv.ids.ndjson');
    writeFileSync(join(folder, 'adult.json'), '{"adult":"date(dob).age() >= 18"}');
    const out = join(folder, 'out.csv');
    const words = ['export', '--ids', ids, '--fields', 'city', '--expressions', join(folder, 'adult.json')];
    words.push('--reason', 'e2e', '--out', out);
    const killed = new Beside(...words, '--rate', '15');
    // Beyond the header, which is written first.
    await until(() => existsSync(out) && statSync(out).size > 100);
    killed.child.kill('SIGKILL');
    await killed.ended;
    const before = readFileSync(out, 'utf8').split('\r\n').length;
    const rest = await command(...words);
    expect([rest.code, before < ROWS]).toEqual([0, true]);
    const wanted = linesOf(ids).map(
      ({ row, id }) => `${String(id)},"${city('in', Number(row)).replaceAll('"', '""')}",true`,
    );
    expect(readFileSync(out, 'utf8').split('\r\n')).toEqual(['id,city,adult', ...wanted, '']);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    // Once more: what stands there is of then, and that is said.
    const again = await command(...words);
    expect([again.code, again.err, reportOf(again)]).toEqual([
      0,
      expect.stringContaining(`nothing was decrypted, and ${out} holds what the records held then`),
      expect.objectContaining({ ended: 'finished', already_finished: true, done: ROWS }),
    ]);
  });

  it('is refused as a whole where its question is: nothing is written', async () => {
    const out = join(folder, 'never.ndjson');
    const words = ['export', '--ids', join(folder, 'in.csv.ids.ndjson'), '--reason', 'e2e', '--out', out];
    const { code, err } = await command(...words, '--fields', 'shoe');
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/request_failed: 422 invalid: \S*fields\S* unknown_field/),
    ]);
    expect(existsSync(out)).toBe(false);
  });
});
