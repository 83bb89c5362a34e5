// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleFunction } from '@enclave-vault/api/build/function';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { inputsOf, sizeDifferences, sizeOf } from '../../../tests/budget/support/sizes.ts';
import { AUTHORIZER_SOURCE, buildAuthorizer } from '../build.ts';
import { startAuthorizer } from '../src/start.ts';
import { authorizer, CONTEXT, ISSUER, Issuer, METHOD } from './issuer.ts';

let issuer: Issuer;
beforeEach(async () => {
  issuer = await Issuer.start();
});
afterEach(() => issuer.close());

describe('the issuer’s keys', () => {
  test('are fetched once for many tokens', async () => {
    const { ask } = authorizer(issuer);
    for (let n = 0; n < 5; n++) await ask(await issuer.token());
    expect(issuer.asked).toBe(1);
  });

  test('are fetched again for a new key, and not for each that is unknown', async () => {
    const { ask } = authorizer(issuer, {}, { cooldownMs: 50 });
    await ask(await issuer.token());
    const key = await issuer.publish('b');
    await new Promise((done) => setTimeout(done, 60));
    await expect(ask(await issuer.token({}, { kid: 'b', key }))).resolves.toBeDefined();
    expect(issuer.asked).toBe(2);
    const { ask: other } = authorizer(issuer);
    await other(await issuer.token());
    for (let n = 0; n < 10; n++) {
      await expect(other(await issuer.token({}, { kid: `made-up-${n}` }))).rejects.toThrow('Unauthorized');
    }
    expect(issuer.asked).toBe(3);
  });

  test.each(['down', 'silent', 'endless', 'redirects', 'nonsense'] as const)(
    'that are %s let nobody in, and that is no word about tokens',
    async (mood) => {
      issuer.mood = mood;
      const { ask, lines, reasons } = authorizer(issuer, {}, { timeoutMs: 200 });
      await expect(ask(await issuer.token())).rejects.toThrow(/^keys_unavailable$/);
      expect(reasons()).toEqual([expect.stringMatching(/^keys_unavailable: /)]);
      expect(lines.find((line) => '_aws' in line)).toMatchObject({
        FunctionName: 'vault-authorizer',
        authorizer_unavailable_total: 1,
        _aws: { CloudWatchMetrics: [{ Namespace: 'vault', Dimensions: [['FunctionName']] }] },
      });
    },
  );

  test('are not asked for by every token while they are out of reach, and are taken when they come back', async () => {
    let clock = 0;
    issuer.mood = 'down';
    const { ask } = authorizer(issuer, {}, { now: () => clock });
    for (let n = 0; n < 5; n++) await expect(ask(await issuer.token())).rejects.toThrow('keys_unavailable');
    expect(issuer.asked).toBe(1);
    issuer.mood = 'keys';
    clock = 5_001;
    await expect(ask(await issuer.token())).resolves.toBeDefined();
  });

  test('that are held serve on while they are out of reach, whatever a stranger’s token had asked for', async () => {
    let clock = 0;
    const { ask, reasons } = authorizer(issuer, {}, { now: () => clock, cooldownMs: 0 });
    await ask(await issuer.token());
    issuer.mood = 'down';
    for (let n = 1; n <= 3; n++) {
      await expect(ask(await issuer.token({}, { kid: `made-up-${n}` }))).rejects.toThrow('keys_unavailable');
      await expect(ask(await issuer.token())).resolves.toBeDefined();
      // Nobody can say whether this one is good, and nobody is asked.
      await expect(ask(await issuer.token({}, { kid: 'other' }))).rejects.toThrow('keys_unavailable');
      expect(issuer.asked).toBe(1 + n);
      clock += 5_001;
    }
    expect(reasons().filter((reason) => reason.endsWith('failed a moment ago'))).toHaveLength(3);
  });

  test('that are held longer than ten minutes serve no more', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const { ask } = authorizer(issuer, {}, { now: () => 0, cooldownMs: 0 });
      await ask(await issuer.token());
      issuer.mood = 'down';
      await expect(ask(await issuer.token({}, { kid: 'other' }))).rejects.toThrow('keys_unavailable');
      vi.setSystemTime(Date.now() + 599_000);
      await expect(ask(await issuer.token())).resolves.toBeDefined();
      vi.setSystemTime(Date.now() + 1_000);
      await expect(ask(await issuer.token())).rejects.toThrow('keys_unavailable');
    } finally {
      vi.useRealTimers();
    }
  });

  test('are not asked for by what is no token of an allowed algorithm', async () => {
    const { ask } = authorizer(issuer);
    const head = Buffer.from('{"alg":"HS256"}').toString('base64url');
    await expect(ask(`${head}.e30.AAAA`)).rejects.toThrow('Unauthorized');
    await expect(ask('x'.repeat(9000))).rejects.toThrow('Unauthorized');
    expect(issuer.asked).toBe(0);
  });
});

describe('the function', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'eva-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('refuses everybody without settings that it can read, and says why', async () => {
    const file = join(folder, 'enclave-vault.json');
    writeFileSync(file, JSON.stringify({ issuer: 'http://id.example.com', algorithms: ['HS256'] }));
    for (const env of [
      {},
      { ENCLAVE_VAULT_CONFIG: join(folder, 'none.json') },
      { ENCLAVE_VAULT_CONFIG: file },
    ]) {
      const lines: Readonly<Record<string, unknown>>[] = [];
      const handler = startAuthorizer(env, (line) => void lines.push(line));
      const event = {
        type: 'TOKEN',
        authorizationToken: `Bearer ${await issuer.token()}`,
        methodArn: METHOD,
      };
      await expect(handler(event, CONTEXT)).rejects.toThrow(/^misconfigured$/);
      // The deployment's name is its namespace, in which the alarm looks.
      const figure = {
        FunctionName: 'vault-authorizer',
        authorizer_unavailable_total: 1,
        _aws: { CloudWatchMetrics: [{ Namespace: 'vault', Dimensions: [['FunctionName']] }] },
      };
      expect(lines).toMatchObject([{ event: 'not_started' }, figure]);
      const elsewhere = { ...CONTEXT, functionName: 'of-another-name' };
      await expect(handler(event, elsewhere)).rejects.toThrow(/^misconfigured$/);
      expect(lines[2]).toMatchObject({
        FunctionName: 'of-another-name',
        _aws: { CloudWatchMetrics: [{ Namespace: 'EnclaveVault' }] },
      });
      expect(JSON.stringify(lines)).not.toContain('id.example.com');
    }
  });

  test('takes nothing of its settings from the environment', async () => {
    const file = join(folder, 'enclave-vault.json');
    writeFileSync(file, JSON.stringify({ issuer: ISSUER, audience: 'vault', algorithms: ['ES256'] }));
    const lines: Readonly<Record<string, unknown>>[] = [];
    const env = { ENCLAVE_VAULT_CONFIG: file, ENCLAVE_VAULT_AUTHORIZER_JWKS_URI: issuer.uri };
    const handler = startAuthorizer(env, (line) => void lines.push(line));
    const event = { type: 'TOKEN', authorizationToken: 'Bearer a.b.c', methodArn: METHOD };
    await expect(handler(event, CONTEXT)).rejects.toThrow('Unauthorized');
    expect(issuer.asked).toBe(0);
    expect(lines).toMatchObject([{ event: 'token_refused' }]);
  });

  test('is one file within its budget, the same bytes each time, that runs', async () => {
    const { directory, bytes, metafile } = await buildAuthorizer(join(folder, 'fn'));
    const again = await bundleFunction(AUTHORIZER_SOURCE.entry);
    const code = readFileSync(join(directory, 'index.mjs'));
    expect(Buffer.compare(code, again)).toBe(0);
    expect(bytes).toBeLessThan(AUTHORIZER_SOURCE.budget);
    expect(sizeDifferences('authorizer', sizeOf(bytes, inputsOf(metafile)))).toEqual([]);
    const text = code.toString('utf8');
    expect(text).not.toContain(process.cwd());
    const imports = [...text.matchAll(/from"(?:node:)?([^"]+)"/g)].map(([, name]) => name);
    expect(imports.filter((name) => !builtinModules.includes(name ?? ''))).toEqual([]);
    const { handler } = await import(pathToFileURL(join(directory, 'index.mjs')).href);
    await expect(handler({}, CONTEXT)).rejects.toThrow(/^misconfigured$/);
  });
});
