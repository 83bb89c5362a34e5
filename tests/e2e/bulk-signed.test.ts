// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { captureOutput } from '../../host/api/test/lambda/capture.ts';
import { type Lambda, startLambda } from '../../host/api/test/lambda/harness.ts';
import { CREDENTIALS, REGION, startGateway } from '../../host/smoke/test/gateway.ts';

const COMMAND = join(import.meta.dirname, '../../tools/admin/bin/enclave-vault.mjs');
const ROLE = 'importer';
const folder = mkdtempSync(join(tmpdir(), 'ev-signed-'));
const people = join(folder, 'people.csv');
const ids = join(folder, 'people.csv.ids.ndjson');
let lambda: Lambda;
let output: ReturnType<typeof captureOutput>;
let gateway: Awaited<ReturnType<typeof startGateway>>;
let sts: Server;

beforeAll(async () => {
  output = captureOutput();
  lambda = await startLambda({
    authorizers: {
      version: 1,
      iam: [
        {
          arn: `arn:aws:iam::111122223333:role/${ROLE}`,
          tenant: 'default',
          scopes: ['vaults:create', 'vaults:decrypt'],
        },
      ],
      claims: [],
    },
    gateway: { stages: ['v'] },
  });
  gateway = await startGateway({ handler: lambda.handler, role: ROLE });
  // As STS answers (API Reference, "GetCallerIdentity"): the session differs each time.
  let session = 0;
  sts = createServer((request, response) => {
    request.resume().once('end', () => {
      session += 1;
      response
        .writeHead(200, { 'content-type': 'text/xml' })
        .end(
          `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:sts::111122223333:assumed-role/${ROLE}/s${session}</Arn><UserId>AROAEXAMPLE:s${session}</UserId><Account>111122223333</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
        );
    });
  });
  await new Promise<void>((done) => sts.listen(0, '127.0.0.1', done));
  writeFileSync(
    people,
    ['first_name,ssn9', ...Array.from({ length: 130 }, (_, n) => `Ada ${n},${900000000 + n}`)].join('\n'),
  );
});
afterAll(async () => {
  gateway?.stop();
  sts?.close();
  await lambda?.stop();
  output?.end();
  rmSync(folder, { recursive: true, force: true });
});

const SIGNED = {
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  AWS_SESSION_TOKEN: CREDENTIALS.sessionToken ?? '',
};

/** The command as a user of the role runs it, with nothing of this machine's own credentials. */
function command(args: readonly string[], env: NodeJS.ProcessEnv = SIGNED) {
  const child = spawn(process.execPath, [COMMAND, ...args, '--sign', '--url', gateway.url], {
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${(sts.address() as AddressInfo).port}`,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const told = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    told.out += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    told.err += chunk.toString('utf8');
  });
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, ...told })),
  );
}

const linesOf = (path: string): Record<string, unknown>[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

it('brings rows in and out through a gateway that verifies signatures, below its stage', async () => {
  const before = gateway.requests.length;
  const imported = await command(['import', people]);
  expect(imported).toMatchObject({ code: 0 });
  expect(JSON.parse(imported.out)).toMatchObject({ ended: 'finished', done: 130, refused: 0 });
  expect(new Set(gateway.requests.slice(before))).toEqual(
    new Set(['GET /v1/openapi.json', 'POST /v1/vaults:batch']),
  );
  const out = join(folder, 'out.ndjson');
  const exported = await command([
    ...['export', '--ids', ids, '--fields', 'first_name,ssn9', '--reason', 'a copy', '--out', out],
  ]);
  expect(exported).toMatchObject({ code: 0 });
  expect(linesOf(out).map(({ data }) => data)).toEqual(
    Array.from({ length: 130 }, (_, n) => ({ first_name: `Ada ${n}`, ssn9: String(900000000 + n) })),
  );
});

it('is one caller in all his sessions: a finished job is not done again under another', async () => {
  const again = await command(['import', people]);
  expect(again).toMatchObject({ code: 0 });
  expect(JSON.parse(again.out)).toMatchObject({ already_finished: true, done: 130 });
});

it('ends at once, with a code and without a value, where the gateway refuses the signature', async () => {
  const wrong = await command(['import', people, '--out', join(folder, 'wrong.ids.ndjson')], {
    ...SIGNED,
    AWS_SECRET_ACCESS_KEY: 'another',
  });
  expect(wrong.code).toBe(1);
  expect(wrong.err).toContain('request_failed: 403');
  expect(wrong.out + wrong.err).not.toMatch(/Ada|90000|another|marked/);
});

it('says so where there are no credentials, no Region, or a key besides', async () => {
  const { AWS_REGION, ...noRegion } = SIGNED;
  const none = await command(['import', people, '--out', join(folder, 'n.ndjson')], { AWS_REGION });
  expect(none).toMatchObject({ code: 1, err: expect.stringContaining('credentials_unusable') });
  const nowhere = await command(['import', people, '--out', join(folder, 'n.ndjson')], noRegion);
  expect(nowhere).toMatchObject({ code: 2, err: expect.stringContaining('AWS_REGION') });
  const both = await command(['import', people, '--out', join(folder, 'n.ndjson'), '--key-file', people]);
  expect(both).toMatchObject({ code: 2, err: expect.stringContaining('exclude each other') });
});
