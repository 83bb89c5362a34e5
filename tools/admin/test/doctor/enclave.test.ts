// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AttestationContents,
  buildAttestationDocument,
  buildNitroChain,
  createNitroRoot,
  toPem,
} from '@enclave-vault/emulator-pki';
import { parseAttestationRequest } from '@enclave-vault/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Outcome, runChecks } from '../../src/doctor/check.ts';
import { clock } from '../../src/doctor/checks/clock.ts';
import { enclaveAttestation, parent } from '../../src/doctor/checks/enclave.ts';
import { CHECKS } from '../../src/doctor/checks/index.ts';
import { Clients } from '../../src/doctor/clients.ts';
import { unixParent } from '../../src/doctor/parent-link.ts';
import type { Subject } from '../../src/doctor/subject.ts';
import { findings, MEASURED } from './deployed.ts';

const folder = mkdtempSync(join(tmpdir(), 'ev-d-'));
const socket = join(folder, 'parent.sock');
const root = createNitroRoot(Date.now());
const attestationRoot = toPem(root.certificate);
const chain = buildNitroChain({ root, at: Date.now() });
const clients = new Clients('us-east-1', {});
const REGISTERS = { 0: 'pcr0', 1: 'pcr1', 2: 'pcr2', 3: 'pcr3', 8: 'pcr8', 16: 'pcr16' } as const;

/** What the next document differs in from the one that should come. */
let change: Partial<AttestationContents> & { readonly register?: readonly [number, Buffer | null] } = {};
let answer: RequestListener;
const server = createServer((request, response) => answer(request, response));

/** A parent on a unix socket: health as it has it, and documents as a hypervisor writes them. */
const wellBehaved: RequestListener = (request, response): unknown => {
  const json = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
  if (request.url === '/health') return json(200, { status: 'ok' });
  if (request.url === '/enclaves')
    return json(200, { enclaves: [{ state: 'healthy' }, { state: 'healthy' }] });
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  return request.on('end', () => {
    const pcrs = new Map<number, Uint8Array>(
      Object.entries(REGISTERS).map(([n, name]) => [Number(n), Buffer.from(MEASURED[name][0] ?? '', 'hex')]),
    );
    const { register, ...contents } = change;
    if (register?.[1] === null) pcrs.delete(register[0]);
    else if (register?.[1]) pcrs.set(register[0], register[1]);
    const nonce = parseAttestationRequest(Buffer.concat(chunks));
    const document = { chain, timestamp: Date.now(), pcrs, nonce, ...contents };
    response
      .writeHead(200, { 'content-type': 'application/octet-stream' })
      .end(buildAttestationDocument(document));
  });
};

beforeAll(() => new Promise<void>((done) => server.listen(socket, done)));
afterAll(async () => {
  clients.close();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  rmSync(folder, { recursive: true, force: true });
});

const subject = (more: Partial<Subject> = {}): Subject => {
  answer = wellBehaved;
  return {
    title: '',
    production: false,
    region: 'us-east-1',
    configuration: [],
    expected: MEASURED,
    keys: [],
    callers: [{ name: 'x' }],
    endpoints: {},
    parent: unixParent(socket),
    attestationRoot,
    clients,
    now: Date.now,
    ...more,
  };
};
const attested = async (
  of: typeof change = {},
  more: Partial<Subject> = {},
): Promise<Outcome | undefined> => {
  change = of;
  return (await findings(enclaveAttestation, subject(more)))[''];
};

describe('an enclave’s attestation', () => {
  test('that measures as it should is well', async () => {
    expect(await attested()).toEqual({ status: 'ok', seen: 'genuine, and measures as it should' });
  });

  test('of another image than the manifest’s fails, and the register is named', async () => {
    expect(
      await attested({}, { expected: { ...MEASURED, pcr0: ['9'.repeat(96)], pcr2: ['9'.repeat(96)] } }),
    ).toMatchObject({
      status: 'fail',
      seen: 'genuine, but of another PCR0 (image), PCR2 (application) than this deployment’s',
      mend: expect.stringContaining('--accept-measurements'),
    });
    // During a rollout two images are right.
    const two = { ...MEASURED, pcr0: ['9'.repeat(96), ...MEASURED.pcr0] };
    expect((await attested({}, { expected: two }))?.status).toBe('ok');
  });

  test('that can be compared in part only is a warning', async () => {
    expect(await attested({}, { expected: { pcr3: MEASURED.pcr3 } })).toMatchObject({
      status: 'warn',
      seen: 'genuine; PCR0, PCR1, PCR2, PCR8, PCR16 could not be compared',
    });
  });

  test.each([
    ['in debug mode', { register: [0, Buffer.alloc(48)] as const }, 'DEBUG MODE'],
    ['without the configuration’s register', { register: [16, null] as const }, 'pcr_missing: PCR 16'],
    [
      'of another root',
      { chain: buildNitroChain({ root: createNitroRoot(Date.now()), at: Date.now() }) },
      'chain_foreign_root',
    ],
    ['of another request', { nonce: Buffer.alloc(32) }, 'nonce_mismatch'],
    ['two minutes ahead', { timestamp: Date.now() + 120_000 }, 'document_from_future'],
  ])('%s fails and says so', async (_what, of, seen) => {
    expect(await attested(of)).toMatchObject({ status: 'fail', seen: expect.stringContaining(seen) });
  });

  test('of the development root fails where AWS’s is the pinned one', async () => {
    const { attestationRoot: _development, ...production } = subject();
    change = {};
    const found = await findings(enclaveAttestation, { ...production, production: true });
    expect(found['']?.seen).toContain('another root vouches for it than the pinned one');
  });
});

describe('a parent', () => {
  const health = (status: number, body: object | string): RequestListener => {
    return (request, response) =>
      response
        .writeHead(request.url === '/enclaves' ? 200 : status)
        .end(
          request.url === '/enclaves'
            ? '{"enclaves":[{"state":"starting"}]}'
            : typeof body === 'string'
              ? body
              : JSON.stringify(body),
        );
  };
  const found = async (of: RequestListener) => {
    const examined = subject();
    answer = of;
    return (await findings(parent, examined))[''];
  };

  test('with healthy enclaves is well', async () => {
    expect(await found(wellBehaved)).toEqual({ status: 'ok', seen: 'enclaves: healthy, healthy' });
  });

  test('without one fails with its reason; with some it is a warning', async () => {
    expect(await found(health(503, { status: 'unavailable', reason: 'boot_timeout' }))).toMatchObject({
      status: 'fail',
      seen: 'no enclave is healthy (boot_timeout); enclaves: starting',
    });
    expect(await found(health(200, { status: 'ok' }))).toMatchObject({
      status: 'warn',
      seen: 'enclaves: starting',
    });
  });

  test('that is something else, or says words that are no codes, is not repeated', async () => {
    expect((await found(health(200, '<html>secret')))?.seen).toContain('not JSON');
    const odd = await found(health(503, { reason: 'Secret\u001b[2J text' }));
    expect(odd?.seen).toBe('no enclave is healthy (unknown); enclaves: starting');
  });

  test('that is down fails here and is skipped by the clock', async () => {
    const down = subject({ parent: unixParent(join(folder, 'nobody.sock')) });
    expect((await findings(parent, down))['']).toMatchObject({
      status: 'fail',
      seen: `${join(folder, 'nobody.sock')}: does not answer (connection_lost)`,
    });
    expect((await findings(enclaveAttestation, down))['']).toMatchObject({
      status: 'fail',
      seen: 'no enclave answers',
    });
    expect((await findings(clock, down)).hypervisor).toMatchObject({ status: 'skipped' });
  });

  test('that nobody names is skipped', async () => {
    const { parent: _parent, ...without } = subject({
      noParent: 'the channel opens for the API’s role only',
    });
    expect(await findings(parent, without)).toEqual({
      '': { status: 'skipped', seen: 'the channel opens for the API’s role only' },
    });
    expect((await findings(enclaveAttestation, without))['']?.status).toBe('skipped');
  });
});

test('a clock two minutes off is found by the hypervisor’s time', async () => {
  change = {};
  for (const off of [120_000, -120_000]) {
    const found = await findings(clock, subject({ now: () => Date.now() + off }));
    expect(found.hypervisor?.status).toBe('fail');
  }
  expect((await findings(clock, subject())).hypervisor).toEqual({ status: 'ok', seen: 'agrees' });
});

test('a check that never ends, or breaks, is a finding in its time', async () => {
  const check = (name: string, run: () => Promise<readonly Outcome[]>) => ({
    name,
    proves: '',
    mend: 'so',
    limitMs: 50,
    run,
  });
  const found = await runChecks(
    [
      check('slow', () => new Promise(() => undefined)),
      check('broken', () => Promise.reject(new TypeError('with a secret in it'))),
      check('good', async () => [{ status: 'ok', seen: 'x' }]),
    ],
    subject(),
  );
  expect(found).toEqual([
    { check: 'slow', status: 'fail', seen: 'no answer within 0.05 s', mend: 'so' },
    { check: 'broken', status: 'fail', seen: 'failed with TypeError', mend: 'so' },
    { check: 'good', status: 'ok', seen: 'x' },
  ]);
});

test('on a local vault nothing is to be deployed, and no CloudTrail is looked into', async () => {
  for (const { name, run: _run, ...check } of CHECKS) {
    const fails = { ...check, name, run: async () => [{ status: 'fail', seen: 'x' } as const] };
    const [local] = await runChecks([fails], subject());
    const [aws] = await runChecks([fails], subject({ production: true }));
    expect(local?.mend).not.toMatch(/\bdeploy\b|CloudTrail/i);
    expect(aws?.mend).toBe(check.mend);
  }
});
