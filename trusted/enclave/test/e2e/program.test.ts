// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyAttestation } from '@enclave-vault/attestation';
import { toPem } from '@enclave-vault/emulator-pki';
import {
  encodeAttestationRequest,
  encodeConfiguration,
  parseConfiguration,
  pcr16,
} from '@enclave-vault/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildEnclave, type EnclaveImage } from '../../build.ts';
import { everythingOf, Question, type StoredRecord, store } from '../support/caller.ts';
import { startDeployment, type TestDeployment } from '../support/deployment.ts';
import { launch } from '../support/process.ts';

/** The image as it is built and launched, with its flags: what the parts are worth together. */
type Enclave = Awaited<ReturnType<typeof launch>>;
const folder = mkdtempSync(join(tmpdir(), 'ev-'));
let image: EnclaveImage;
let deployment: TestDeployment;
let enclave: Enclave;
let key: { dataKey: Buffer; wrappedKey: Buffer };
let record: StoredRecord;
const MARK = 'marked-value-7f3a';

beforeAll(async () => {
  [image, deployment] = await Promise.all([
    buildEnclave(join(folder, 'image')),
    startDeployment({ expressionMs: 2_000 }),
  ]);
  enclave = await launch(image, deployment);
  key = await deployment.dataKey();
  record = await store(deployment, { dob: '1980-02-29', city: 'Bern', email: MARK });
});
afterAll(async () => {
  await enclave?.close();
  await deployment?.close();
  rmSync(folder, { recursive: true, force: true });
});

const question = (changes: Parameters<typeof everythingOf>[1] = {}): Question =>
  new Question(key, everythingOf(record, changes));
const run = (name: string, source: string) => question({ reveal: [], expressions: [{ name, source }] });

describe('life of an enclave', () => {
  test('before its configuration it does nothing', async () => {
    expect(await enclave.ask(question())).toBe('no_configuration');
    expect(String(await enclave.call('GET', '/v1/health'))).toBe('{"phase":"boot"}');
  });

  test('is configured once', async () => {
    expect(await enclave.call('PUT', '/v1/configuration', deployment.configuration)).toBe('empty');
    expect(await enclave.call('PUT', '/v1/configuration', deployment.configuration)).toBe('not_found');
    expect(enclave.module.registers.describe(16)).toEqual({
      lock: true,
      data: pcr16(deployment.configuration),
    });
  });

  test('decrypts', async () => {
    expect(await enclave.ask(question({ reveal: ['dob', 'city'] }))).toEqual({
      data: [
        ['dob', '"1980-02-29"'],
        ['city', '"Bern"'],
      ],
      errors: [],
    });
  });

  test('attests', async () => {
    const nonce = randomBytes(16);
    const document = (await enclave.call(
      'POST',
      '/v1/attestation',
      encodeAttestationRequest(nonce),
    )) as Buffer;
    const verified = verifyAttestation(document, {
      root: toPem(deployment.root.certificate),
      at: Date.now(),
      nonce,
    });
    expect(verified.pcrs.get(16)).toEqual(pcr16(deployment.configuration));
  });

  test('answers many at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => enclave.ask(question({ reveal: ['city'] }))),
    );
    expect(answers).toEqual(Array(40).fill({ data: [['city', '"Bern"']], errors: [] }));
  });

  test('refuses a body over 10 MiB', async () => {
    expect(await enclave.call('POST', '/v1/decrypt', Buffer.alloc(10 * 1024 * 1024 + 1))).toBe('too_large');
  });
});

describe('expressions under these flags', () => {
  test.each([
    ['date(dob).age() >= 18', 'true'],
    ['city.matches("^B.*n$")', 'true'],
    ['[3, 1, 2].map(x, x * 2).filter(x, x > 2)', '[6,4]'],
    ['hmac_sha256("key", city) == city.hmac_sha256("key")', null],
    ['sha256("abc")', '"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"'],
    ['timestamp("2026-01-01T00:00:00Z").getFullYear()', '2026'],
    ['base64_encode("a")', '"YQ=="'],
    ['has(record.email) && record.city == city', 'true'],
    ['{"__proto__": 1}', '{"__proto__":1}'],
  ])('%s', async (source, json) => {
    const answer = await enclave.ask(run('result', source));
    expect(answer).toMatchObject({ errors: [] });
    if (json !== null) expect(answer).toMatchObject({ data: [['result', json]] });
  });

  test.each([
    ['time', `${'[1,2,3,4,5,6,7,8,9].all(a, '.repeat(9)}true${')'.repeat(9)}`],
    ['memory', `[0,1,2,3,4,5,6,7].map(a, ${'[0,1,2,3,4,5,6,7].map(b, '.repeat(8)}"x"${')'.repeat(8)})`],
    ['a doubled string', `[${'"x",'.repeat(40)}"x"].map(a, a + a)${'.map(a, a + a)'.repeat(25)}`],
  ])('a bomb of %s costs itself its result, and the others nothing', async (_, source) => {
    const bomb = enclave.ask(question({ reveal: ['city'], expressions: [{ name: 'bomb', source }] }));
    expect(await enclave.ask(question({ reveal: ['city'] }))).toEqual({
      data: [['city', '"Bern"']],
      errors: [],
    });
    expect(await bomb).toMatchObject({ data: [['city', '"Bern"']], errors: [{ name: 'bomb' }] });
    expect(await enclave.ask(run('sum', '1 + 1'))).toEqual({ data: [['sum', '2']], errors: [] });
  });
});

describe('what it leaves behind', () => {
  test('no value, key or token in what it wrote, its command line, environment or title', async () => {
    expect(
      await enclave.ask(question({ reveal: ['email'], expressions: [{ name: 'x', source: 'email +' }] })),
    ).toMatchObject({
      data: [['email', `"${MARK}"`]],
    });
    const { pid } = enclave.program;
    const written = [
      enclave.output(),
      readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
      readFileSync(`/proc/${pid}/environ`, 'utf8'),
      readFileSync(`/proc/${pid}/comm`, 'utf8'),
    ].join('\n');
    for (const secret of [
      MARK,
      'Bern',
      '1980',
      record.vaultId,
      deployment.principals.instance.secretAccessKey,
      key.dataKey.toString('hex'),
      key.dataKey.toString('base64'),
    ]) {
      expect(written).not.toContain(secret);
    }
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toBe('');
    for (const line of enclave.output().trim().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ process: 'enclave', level: 'info' });
    }
  });

  test('its socket is for its user alone', async () => {
    const { statSync } = await import('node:fs');
    expect(statSync(join(enclave.folder, 'listen.sock')).mode & 0o077).toBe(0);
  });
});

describe('without what it needs', () => {
  test('no module: it ends', async () => {
    const one = await launch(image, deployment);
    one.descriptor.destroy();
    expect((await one.exited)[0]).toBe(1);
    expect(one.output()).toContain('"event":"nsm_lost"');
    await one.close();
  });

  test('no relay: it lives, and says that KMS is away', async () => {
    const one = await launch(image, deployment, false);
    await one.call('PUT', '/v1/configuration', deployment.configuration);
    expect(await one.ask(question())).toBe('kms_unavailable');
    expect(String(await one.call('GET', '/v1/health'))).toContain('"phase":"serving"');
    await one.close();
  });

  test('another TLS root in its configuration: KMS is a stranger to it, and it would be to KMS', async () => {
    const [pem] = (await import('node:tls')).rootCertificates;
    const configuration = { ...parseConfiguration(deployment.configuration), tlsRoots: [pem ?? ''] };
    const one = await launch(image, deployment);
    expect(await one.call('PUT', '/v1/configuration', encodeConfiguration(configuration))).toBe('empty');
    expect(await one.ask(question())).toBe('kms_unavailable');
    await one.close();
  });
});
