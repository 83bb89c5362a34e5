// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalVault, run } from '../support/local-vault.ts';
import {
  SampleTable,
  type SampleVault,
  sampleId,
  sampleLog,
  type WireItem,
  writeExport,
} from '../support/sample-table.ts';

const COMMAND = join(import.meta.dirname, '../../tools/admin/bin/enclave-vault.mjs');
const MANY = 150;
const folder = mkdtempSync(join(tmpdir(), 'ev-import-'));
const data = mkdtempSync(join(tmpdir(), 'ev-test-'));
let table: SampleTable;
let vault: LocalVault;
beforeAll(async () => {
  table = await SampleTable.open(data);
});
afterAll(async () => {
  await vault?.stop();
  for (const made of [folder, data]) rmSync(made, { recursive: true, force: true });
});

interface Summary {
  readonly done: boolean;
  readonly imported: number;
  readonly already: number;
  readonly logs: number;
  readonly skipped: Record<string, number>;
  readonly seconds: number;
}

async function importSample(
  ...args: string[]
): Promise<{ code: number | null; summary: Summary; err: string }> {
  const words = ['import-sample', ...args, '--key-arn', table.keyArn, '--data', data];
  const { code, out, err } = await run(words);
  if (out === '') throw new Error(err);
  return { code, summary: JSON.parse(out) as Summary, err };
}

const lines = (path: string): Record<string, unknown>[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function reveal({ id, values }: SampleVault): Promise<unknown> {
  const ask = { fields: Object.keys(values), reason: 'after the move' };
  if (ask.fields.length === 0) return (await vault.call('GET', `/v1/vaults/${id}?fields=city`)).json;
  const { status, json } = await vault.call('POST', `/v1/vaults/${id}/decrypt`, ask);
  return status === 200 ? json.data : json;
}

describe('a table of the AWS sample', () => {
  const vaults: SampleVault[] = [];
  const many: SampleVault[] = [];
  let damaged: WireItem[] = [];
  let exported = '';

  it('is written by another program, under a key of its own', async () => {
    for (let n = 0; n < 12; n += 1) {
      const values = {
        first_name: `Ada ${n}`,
        ssn9: `9000000${10 + n}`,
        ssn4: `00${10 + n}`,
        dob: '1985-12-10',
      };
      const encoding = ([1, 2, 'mixed'] as const)[n % 3];
      vaults.push(await table.vault({ ...values, city: '"Öl" \u{1f600}' }, encoding));
    }
    vaults.push(await table.vault({}));
    for (let n = 0; n < MANY; n += 1) many.push(await table.vault({ city: `Graz ${n}` }, 2));

    const good = await table.vault({ city: 'x', last_name: 'y' });
    const second = await table.vault({ city: 'x', last_name: 'y' });
    const other = sampleId();
    const { _sk, _pk, _hs, ...noKey } = good.item;
    const remains = { pk: { S: `VAULT##${other}` }, sk: { S: 'v0' }, _mt: { N: '1' } };
    const iban = await table.vault({ iban: 'AT00', city: 'x' });
    damaged = [
      noKey,
      remains,
      { ...good.item, _id: { S: other } },
      { ...good.item, _v: { N: '7' } },
      { ...good.item, city: { S: 'Graz' } },
      { ...second.item, city: { N: '7' } },
      iban.item,
      { ...good.item, City: good.item.city ?? {} },
      { ...good.item, pk: { S: 'VAULT##v_1' }, _id: { S: 'v_1' } },
      { pk: { S: 'ELSE##1' }, sk: { S: 'v0' } },
    ];
    const logs = vaults.map(({ id }) => sampleLog(id));
    const items = [...vaults.map(({ item }) => item), ...logs, ...damaged, 'no JSON', '{"Items":{}}'];
    exported = writeExport(join(folder, 'few'), items);
    writeExport(
      join(folder, 'many'),
      many.map(({ item }) => item),
      3,
    );
    await table.close();
  });

  it('cannot be decrypted by a vault that was not told of the key; told, its enclaves measure otherwise', async () => {
    vault = await LocalVault.start({ data });
    const made = await vault.call('POST', '/v1/vaults', { city: 'ours' });
    const { err, summary, code } = await importSample(exported, '--limit', '1');
    expect([code, summary.imported]).toEqual([0, 1]);
    expect(err).toContain('is not among the legacy keys');
    const [first] = vaults as [SampleVault];
    expect(await reveal(first)).toMatchObject({ status: 500, code: 'record_unreadable' });
    await vault.stop();

    // Not awaited until it is ready: it waits for an enclave that it will not have.
    vault = new LocalVault({ data, args: ['--legacy-key', table.keyArn] });
    await vault.until('enclave_not_trusted', ({ differing }) => String(differing) === 'PCR16');
    await vault.stop();

    vault = await LocalVault.start({ data, args: ['--legacy-key', table.keyArn, '--accept-measurements'] });
    expect(await reveal(first)).toEqual(first.values);
    const ask = { fields: ['city'], reason: 'still ours' };
    const own = await vault.call('POST', `/v1/vaults/${String(made.json.id)}/decrypt`, ask);
    expect(own.json.data).toEqual({ city: 'ours' });
  });

  it('comes in whole, but for what is named with its reason', async () => {
    const report = join(folder, 'report.jsonl');
    const dry = await importSample(exported, '--dry-run');
    const { code, summary, err } = await importSample(exported, '--report', report);
    expect(err).not.toContain('warning');
    const skipped = {
      ...{ bad_field: 2, bad_id: 2, bad_line: 2, field_collision: 1, no_key: 2 },
      ...{ not_of_the_sample: 1, unknown_encoding: 1, unknown_field: 1 },
    };
    const counts = { done: true, imported: 12, already: 1, replaced: 0, logs: 13, skipped };
    expect([code, summary]).toEqual([1, { ...counts, dry_run: false, seconds: expect.any(Number) }]);
    expect(dry.summary).toMatchObject(counts);
    const named = lines(report);
    expect(named).toHaveLength(25);
    expect(named.find(({ code: why }) => why === 'unknown_field')).toMatchObject({ fields: ['iban'] });
    for (const one of vaults.slice(0, -1)) expect(await reveal(one)).toEqual(one.values);
    expect(await reveal(vaults.at(-1) as SampleVault)).toEqual({ city: false });
    // What the guide says one tries first: it opens all of a vault and reveals nothing.
    const trial = { fields: [], reason: 'import', expressions: { opens: 'size(record) > 0' } };
    const tried = await vault.call('POST', `/v1/vaults/${vaults[3]?.id}/decrypt`, trial);
    expect(tried.json).toEqual({ data: { opens: true } });
    // Nothing of the sample's went into the report but names.
    expect(readFileSync(report, 'utf8')).not.toContain('Graz');
    const verified = await run([
      'audit',
      'verify',
      '--data',
      data,
      '--against',
      join(data, 'audit-heads.log'),
    ]);
    expect([verified.code, verified.out]).toEqual([0, expect.stringContaining(' 0 findings')]);
  });

  it('comes in once: again, nothing happens', async () => {
    const before = readFileSync(join(data, 'audit-heads.log')).length;
    const { summary } = await importSample(exported);
    expect([summary.imported, summary.already]).toEqual([0, 13]);
    expect(readFileSync(join(data, 'audit-heads.log')).length).toBe(before);
  });

  it('comes in without what is named, or damaged, if that is asked for', async () => {
    const { code, summary } = await importSample(exported, '--drop-fields', 'IBAN', '--drop-damaged-fields');
    expect([code, summary.imported]).toEqual([1, 3]);
    expect(summary.skipped).not.toHaveProperty('unknown_field');
  });

  it('is written to like any record, old encodings beside the new one', async () => {
    const [, , mixed] = vaults as [SampleVault, SampleVault, SampleVault];
    const patched = await vault.call('PATCH', `/v1/vaults/${mixed.id}`, { first_name: 'Eve', state: 'NY' });
    expect(patched.status).toBe(200);
    const values = { ...mixed.values, first_name: 'Eve', state: 'NY' };
    expect(await reveal({ ...mixed, values })).toEqual(values);
    const expressions = { year: 'dob.startsWith("1985") && first_name == "Eve"' };
    const computed = await vault.call('POST', `/v1/vaults/${mixed.id}/decrypt`, {
      ...{ fields: [], reason: 'both encodings in one expression', expressions },
    });
    expect(computed.json.data).toEqual({ year: true });
    expect((await importSample(exported)).summary).toMatchObject({ imported: 0, already: 13 });
    expect(await reveal({ ...mixed, values })).toEqual(values);
  });

  it('goes on after a kill, without a duplicate or a gap', async () => {
    const [state, report] = [join(folder, 'state.json'), join(folder, 'many.jsonl')];
    const source = join(folder, 'many/AWSDynamoDB/01700000000000-a1b2c3d4');
    const words = ['import-sample', source, '--key-arn', table.keyArn, '--data', data, '--state', state];
    const options = [...words, '--report', report];
    const heads = () => readFileSync(join(data, 'audit-heads.log'), 'utf8').split('\n').length;
    for (let round = 0; round < 2; round += 1) {
      const before = heads();
      const child = spawn(process.execPath, [COMMAND, ...options, '--rate', '15'], { stdio: 'ignore' });
      const exited = new Promise((done) => child.once('exit', (_, signal) => done(signal)));
      while (heads() < before + 30 && child.exitCode === null) await sleep(5);
      child.kill('SIGKILL');
      expect(await exited).toBe('SIGKILL');
    }
    const stored = (await Promise.all(many.map(({ id }) => vault.call('GET', `/v1/vaults/${id}`)))).filter(
      ({ status }) => status === 200,
    );
    expect(stored.length).toBeGreaterThan(0);
    expect(stored.length).toBeLessThan(MANY);

    const { code, summary } = await importSample(source, '--state', state, '--report', report);
    expect([code, summary]).toMatchObject([0, { done: true, imported: MANY, already: 0, skipped: {} }]);
    const ids = lines(report).map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([MANY, MANY]);
    for (const one of many.slice(0, 30)) expect(await reveal(one)).toEqual(one.values);
    const { json } = await vault.call('GET', `/v1/vaults/${many[0]?.id}/audit`);
    const events = (json.entries as unknown as { event: string }[]).map(({ event }) => event);
    expect(events).toEqual(['DecryptVault', 'ImportVault']);
    const verified = await run([
      'audit',
      'verify',
      '--data',
      data,
      '--against',
      join(data, 'audit-heads.log'),
    ]);
    expect([verified.code, verified.out]).toEqual([0, expect.stringContaining(' 0 findings')]);

    const again = await importSample(source, '--state', state, '--report', report);
    expect(again.summary).toMatchObject({ done: true, imported: MANY });
    expect(lines(report)).toHaveLength(MANY);
  });

  it('stops at a signal, and says how to go on', async () => {
    const source = join(folder, 'many/AWSDynamoDB/01700000000000-a1b2c3d4');
    const state = join(folder, 'stopped.json');
    const words = ['import-sample', source, '--key-arn', table.keyArn, '--data', data, '--state', state];
    const slowly = [COMMAND, ...words, '--rate', '20'];
    const child = spawn(process.execPath, slowly, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => (out += String(chunk)));
    child.stderr.on('data', (chunk) => (err += String(chunk)));
    const exited = new Promise((done) => child.once('close', (code) => done(code)));
    // It is at work: before that a signal ends it like any process.
    while (!existsSync(state) && child.exitCode === null) await sleep(20);
    child.kill('SIGTERM');
    expect([await exited, err]).toEqual([1, expect.stringContaining('interrupted')]);
    expect(JSON.parse(out)).toMatchObject({ done: false });
    expect(err).toContain('start the same command again');
  });

  it('is named in the policy that its key needs', async () => {
    const { code, out } = await run(['import-sample', '--print-key-policy', '--data', data]);
    const statement = JSON.parse(out);
    expect([code, statement.Sid]).toEqual([0, 'AllowEnclaveVaultDecrypt']);
    const pinned = statement.Condition.StringEqualsIgnoreCase['kms:RecipientAttestation:PCR16'];
    expect(pinned).toHaveLength(2);
    const whole = await run(['import-sample', '--print-key-policy', '--whole', '--data', data]);
    expect(JSON.parse(whole.out).Id).toBe('enclave-vault-legacy-key');
  });
});

describe('what cannot be imported at all', () => {
  it.each([
    ['no source', [], 2, 'takes one PATH'],
    ['no key', ['x', '--key-arn', 'alias/x'], 2, '--key-arn takes'],
    ['an export that is not there', ['/nowhere'], 1, 'there is no /nowhere'],
    [
      'plain HTTP to elsewhere',
      ['--table', 't', '--region', 'us-east-1', '--endpoint', 'http://192.0.2.1'],
      2,
      'https',
    ],
  ])('%s', async (_, words, code, message) => {
    const key = words.includes('--key-arn')
      ? []
      : [
          '--key-arn',
          `arn:aws:kms:us-east-1:000000000000:key/${'0'.repeat(8)}-0000-4000-8000-${'0'.repeat(12)}`,
        ];
    const done = await run(['import-sample', ...words, ...key, '--data', data]);
    expect([done.code, done.out, done.err]).toEqual([code, '', expect.stringContaining(message)]);
  });

  it('a file that is not what the manifest says', async () => {
    const root = writeExport(join(folder, 'bad'), [sampleLog(sampleId())], 1);
    const { appendFileSync } = await import('node:fs');
    appendFileSync(join(root, 'data/afile.json.gz'), 'x');
    const words = ['import-sample', root, '--key-arn', table.keyArn, '--data', data];
    expect(await run(words)).toMatchObject({ code: 1, err: expect.stringContaining('download it again') });
  });

  it('under a key of our own', async () => {
    const { kms } = (await vault.control('/session')) as unknown as { kms: { keys: { vault: string } } };
    const root = writeExport(join(folder, 'own'), [sampleLog(sampleId())], 1);
    const words = ['import-sample', root, '--key-arn', kms.keys.vault, '--data', data];
    expect(await run(words)).toMatchObject({ code: 1, err: expect.stringContaining('a key of this vault') });
  });
});
