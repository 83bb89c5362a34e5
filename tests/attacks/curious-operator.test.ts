// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LocalVault, run } from '../support/local-vault.ts';
import { asStranger, canBeStranger } from '../support/other-user.ts';
import { family, listeningPorts } from '../support/proc.ts';

/**
 * Actor: curious operator
 * Has: a shell on the machines, as himself and as another user; signals, debuggers, environment variables; reports, figures, logs.
 * Wants: a value or a key, without leaving the trace that a change of the key policy leaves.
 * Cannot: have a process open a debugger or write out its memory, hand it options or libraries by the environment, or find a value in
 *   what is made for operators. As another user of the machine he reaches no file and no socket of the vault.
 * Remains: on one machine all processes are one user's, who reads their memory (docs/local-mode.md). On AWS nobody has a shell on
 *   function or enclave, and root on the instance finds ciphertext and credentials that decrypt nothing.
 */
const VALUES = { first_name: 'Bartholomew', ssn9: '219099999', city: 'Ouagadougou' };
const SNAPSHOT = /^(?:Heap|CPU|report|core|isolate)[.-].*/;
const folder = mkdtempSync(join(tmpdir(), 'ev-curious-'));
const trace = join(folder, 'trace');
let vault: LocalVault;
let id = '';

beforeAll(async () => {
  const preload = join(folder, 'preload.cjs');
  writeFileSync(preload, `require('node:fs').appendFileSync(${JSON.stringify(trace)}, process.pid + '\\n');`);
  // What he has in his environment when the vault is started: nothing of it is any process's business.
  const env = {
    NODE_OPTIONS: `--require ${preload}`,
    LD_LIBRARY_PATH: folder,
    SSLKEYLOGFILE: join(folder, 'tls-keys'),
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
    NODE_V8_COVERAGE: join(folder, 'coverage'),
    HTTPS_PROXY: 'http://127.0.0.1:9',
  };
  vault = await LocalVault.start({ env, args: ['--canary-interval', '60'] });
  id = String((await vault.call('POST', '/v1/vaults', VALUES)).json.id);
});
afterAll(async () => {
  await vault?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const works = async () => {
  const ask = { fields: ['first_name'], reason: 'attack' };
  const answer = await vault.call('POST', `/v1/vaults/${id}/decrypt`, ask);
  return answer.json.data;
};
const processes = () => family(vault.process.pid ?? 0);

describe('the environment', () => {
  it('that he prepared reaches none of the processes but the one that his own shell starts', async () => {
    const others = processes().filter((pid) => pid !== vault.process.pid);
    expect(others.length).toBeGreaterThanOrEqual(6);
    // It ran in the first: the test would see it in the others.
    expect(readFileSync(trace, 'utf8').trim().split('\n')).toEqual([String(vault.process.pid)]);
    for (const pid of others) {
      const environment = existsSync(`/proc/${pid}/environ`)
        ? readFileSync(`/proc/${pid}/environ`, 'latin1')
        : '';
      expect(environment).not.toContain(folder);
      expect(environment).not.toMatch(/NODE_OPTIONS|LD_|SSLKEYLOG|PROXY|NODE_TLS|COVERAGE=/);
    }
    expect(existsSync(join(folder, 'tls-keys'))).toBe(false);
    expect(await works()).toEqual({ first_name: VALUES.first_name });
  });
});

describe('signals', () => {
  it('that open a debugger in any other Node open none here: SIGUSR1', async () => {
    // What the signal does where nothing is done about it, so that silence below means something.
    const other = spawn(process.execPath, [
      '--inspect-port=0',
      '-e',
      'console.log(1); setInterval(() => {}, 99)',
    ]);
    const said = new Promise<string>((resolve) => other.stderr.once('data', (text) => resolve(String(text))));
    other.stdout.once('data', () => other.kill('SIGUSR1'));
    expect(await said).toContain('Debugger listening');
    other.kill('SIGKILL');

    // Whatever runs Node: not what shuts the enclave in, which the signal ends.
    const running = () => processes().filter((pid) => readlinkSync(`/proc/${pid}/exe`).endsWith('/node'));
    // The canary is started when the vault serves.
    const all = await vi.waitFor(() => {
      const found = running();
      expect(found.length).toBeGreaterThanOrEqual(7);
      return found;
    }, 60_000);
    const before = all.map(listeningPorts);
    for (const pid of all) process.kill(pid, 'SIGUSR1');
    await vault.until('debugger_refused');
    await sleep(300);
    expect(processes()).toEqual(expect.arrayContaining(all));
    expect(all.map(listeningPorts)).toEqual(before);
    expect(before.flat().length).toBeGreaterThanOrEqual(3);
    expect(vault.output).not.toMatch(/[Dd]ebugger listening|[Ii]nspector on/);
    expect(await works()).toEqual({ first_name: VALUES.first_name });
  });

  it('that might write out memory end a process, which starts again, and leave no file: SIGUSR2', async () => {
    const places = [process.cwd(), vault.data, dirname(vault.running.control), folder];
    const left = () => places.flatMap((place) => readdirSync(place).filter((name) => SNAPSHOT.test(name)));
    const before = left();
    const now = (await vault.control('/pids')) as unknown as Record<string, number>;
    for (const name of ['api', 'parent']) process.kill(now[name] ?? 0, 'SIGUSR2');
    await vault.until('process_restarted', ({ of }) => of === 'api');
    await vault.until('process_restarted', ({ of }) => of === 'parent');
    expect(left()).toEqual(before);
    await expect.poll(works, { timeout: 60_000 }).toEqual({ first_name: VALUES.first_name });
  });
});

describe('what is made for operators', () => {
  it('has no value, token or key: the doctor’s report, health, figures, the reference', async () => {
    const session = (await vault.control('/session')) as unknown as { credentials: Record<string, string> };
    const secrets = [
      ...Object.values(VALUES),
      vault.adminKey.slice(-43),
      session.credentials.secretAccessKey,
    ];
    const reports = [await run(['doctor', '--data', vault.data, '--json'])];
    const open = await Promise.all(
      ['/health', '/metrics', '/v1/openapi.json', '/v1/swagger'].map((path) =>
        vault.call('GET', path, undefined, { key: null }),
      ),
    );
    const texts = [...reports.map(({ out, err }) => out + err), ...open.map(({ text }) => text)];
    expect(texts.every((text) => text.length > 10)).toBe(true);
    for (const text of texts) for (const secret of secrets) expect(text).not.toContain(secret);
    // Without a key, not even which records and callers there are.
    for (const { text } of open)
      for (const name of [id, vault.adminKey.slice(4, 30), vault.data]) expect(text).not.toContain(name);
  });
});

describe('another user of the machine', () => {
  /** All that the vault has put on the disk: its data, its sockets. */
  const everything = () =>
    [vault.data, dirname(vault.running.control)].flatMap((place) => [
      place,
      ...readdirSync(place, { recursive: true, encoding: 'utf8' }).map((name) => join(place, name)),
    ]);

  it('finds no file and no folder that is open to him', () => {
    const paths = everything();
    expect(paths.length).toBeGreaterThan(10);
    // A folder that he may not enter keeps him from its sockets, whatever their own modes are.
    const open = paths.filter((path) => {
      const found = lstatSync(path);
      return (found.mode & 0o077) !== 0 && !found.isSocket();
    });
    expect(open).toEqual([]);
  });

  it.runIf(canBeStranger)('reads no file, reaches no socket, sees no memory, and stops nothing', async () => {
    const done = await asStranger({ read: everything(), connect: everything(), pids: processes() });
    expect(done.uid).not.toBe(process.getuid?.());
    expect({ ...done, uid: 0 }).toEqual({ uid: 0, read: [], connected: [], memory: [], killed: [] });
    expect(await works()).toEqual({ first_name: VALUES.first_name });
  });

  it('asks the ports that he reaches for nothing: KMS wants a signature, the API a key', async () => {
    const { kms } = (await vault.control('/session')) as unknown as { kms: { endpoint: string } };
    const port = Number(new URL(kms.endpoint).port);
    const { https } = await import('../support/plain-https.ts');
    for (const [target, authorization] of [
      ['TrentService.ListKeys', ''],
      ['TrentService.Decrypt', ''],
      [
        'TrentService.Decrypt',
        'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=00',
      ],
    ] as const) {
      const { status, body } = await https(port, target, authorization);
      expect([400, 403]).toContain(status);
      expect(body).toMatch(
        /MissingAuthenticationToken|IncompleteSignature|UnrecognizedClient|InvalidSignature/,
      );
    }
    expect((await vault.call('GET', '/v1/keys', undefined, { key: null })).status).toBe(401);
  });
});
