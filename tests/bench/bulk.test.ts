// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { peakOf, resetPeak, runClient } from '../../bench/bulk/client.ts';
import type { BulkResult, Way } from '../../bench/bulk/result.ts';
import { storeBytes } from '../../bench/bulk/store-bytes.ts';
import { section } from '../../bench/page/bulk.ts';

const folder = mkdtempSync(join(tmpdir(), 'ev-bulk-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('What a bulk job takes', () => {
  it('is the client’s processor time to its end, however short it was', async () => {
    const command = join(folder, 'busy.mjs');
    // It says nothing of itself until the 120 ms are used, and ends at once.
    writeFileSync(
      command,
      `let used = 0;
      while (used < 120_000) { const { user, system } = process.cpuUsage(); used = user + system; }
      console.log(JSON.stringify({ done: 1, used }));`,
    );
    const { report, cpu, peak } = await runClient(['import'], {}, undefined, command);
    expect(cpu).toBeGreaterThanOrEqual((report.used as number) / 1e6);
    expect(peak).toBeGreaterThan(10);
    const failing = join(folder, 'failing.mjs');
    writeFileSync(failing, 'process.exit(1)');
    await expect(runClient(['import'], {}, undefined, failing)).rejects.toThrow(/import ended with 1/);
  });

  it.skipIf(!resetPeak(process.pid))(
    'is the memory of one way, not the most since a process began',
    async () => {
      // Gives 64 MiB back, and says so when they are gone.
      const program = `let all = Buffer.alloc(2 ** 26, 1); all = undefined;
      const look = () => { gc(); process.memoryUsage.rss() < PEAK - 5e7 ? console.log('gone') : setTimeout(look, 5); };
      const PEAK = process.resourceUsage().maxRSS * 1024; look(); process.stdin.resume();`;
      const child: ChildProcess = spawn(process.execPath, ['--expose-gc', '-e', program], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      try {
        await once(child.stdout ?? child, 'data');
        const pid = child.pid ?? 0;
        const before = peakOf(pid);
        expect(resetPeak(pid)).toBe(true);
        expect(peakOf(pid)).toBeLessThan(before - 32);
      } finally {
        child.kill();
      }
      expect(resetPeak(2 ** 30)).toBe(false);
    },
  );

  it('is the store’s own pages, without those that its write-ahead log holds as well', () => {
    const path = join(folder, 'vault.db');
    const database = new DatabaseSync(path);
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE items (n, body BLOB)',
    );
    const put = database.prepare('INSERT INTO items VALUES (?, ?)');
    for (let n = 0; n < 50; n++) put.run(n, Buffer.alloc(1_000));
    const counted = storeBytes(path);
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(2 * counted);
    // All of it is in the log still, and none in the file.
    expect(counted).toBeGreaterThan(50_000);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    expect(statSync(path).size).toBe(counted);
    database.close();
  });
});

const WAY: Way = {
  ...{ way: 'import', records: 1_000, seconds: 10, perSecond: 100, fileBytes: 1e6, sentAgain: 0 },
  kmsCalls: { Decrypt: 1_000 },
  processes: [
    { name: 'client', cpu: 1, peak: 100 },
    { name: 'enclave', cpu: 2, peak: 120 },
  ],
};
const pageOf = (more: Partial<BulkResult> = {}, out: Partial<Way> = {}): string => {
  const result: BulkResult = {
    ...{ what: 'bulk', measured: '2026-01-01T00:00:00Z', commit: '000000000000' },
    machine: { node: 'v24', system: '', processor: '', cores: 2, memoryGiB: 8, load: 0 },
    settings: { records: 1_000, format: 'csv', concurrency: 4, batch: false, vault: [], kmsQuota: null },
    ways: [WAY, { ...WAY, way: 'export', ...out }],
    store: { before: 0, after: 5e6, log: false },
    ...more,
  };
  return section(result);
};

describe('The page about many records', () => {
  it('has what was sent again, and says that a process ended during a way', () => {
    const [client] = WAY.processes;
    const text = pageOf({}, { sentAgain: 175, processes: client === undefined ? [] : [client] });
    expect(text).toContain('| export | 100 | 10.0 | 1.00 | 175 | 0 | 1.00 |');
    expect(text).toContain('| enclave | 2.00 | 120 | – | – |');
    expect(text).toContain(
      'A dash: the enclave that was there as the export began had ended when it was over.',
    );
    expect(text).toContain('Sent again were 175 rows of the export,');
    expect(pageOf()).toContain('| import | 100 | 10.0 | 1.00 | 0 | 0 | 1.00 |');
    expect(pageOf()).not.toMatch(/A dash|Sent again/);
  });

  it('says of an older result that its store was counted with the log, and its peaks since processes began', () => {
    expect(pageOf()).toContain('5,000 bytes a record with its audit.\n');
    expect(pageOf({ store: { before: 0, after: 5e6 } })).toContain(
      '5,000 bytes a record with its audit, and with the write-ahead log',
    );
    expect(pageOf()).toContain(
      '| import: peak so far, MiB | export: CPU ms a record | export: peak so far, MiB |',
    );
    expect(pageOf({}, { peakOfWay: true })).toContain(
      '| import: peak so far, MiB | export: CPU ms a record | export: peak MiB |',
    );
  });
});
