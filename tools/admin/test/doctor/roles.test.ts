// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createChannelRoot, type Side } from '@enclave-vault/channel';
import { pcr3, pcr16, signManifest } from '@enclave-vault/eif';
import { encodeConfiguration } from '@enclave-vault/protocol';
import { afterAll, describe, expect, test } from 'vitest';
import { LOCAL } from '../../src/dev/deployment.ts';
import type { Outcome } from '../../src/doctor/check.ts';
import { enclaveAttestation, parent } from '../../src/doctor/checks/enclave.ts';
import { parseDoctorOptions } from '../../src/doctor/options.ts';
import { readRoleFiles } from '../../src/doctor/role-files.ts';
import { deployedSubject, type Given } from '../../src/doctor/subject-roles.ts';
import { UsageError } from '../../src/errors.ts';
import { findings } from './deployed.ts';
import { certificatePem } from './pem.ts';

const folder = mkdtempSync(join(tmpdir(), 'ev-roles-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: unknown) => {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

const key = (digit: string) =>
  `arn:aws:kms:us-east-1:${LOCAL.account}:key/${digit.repeat(8)}-0000-4000-8000-000000000000`;
const KEYS = { vault: key('1'), request: key('2'), integrity: key('3') };
const CONFIGURATION = encodeConfiguration({
  region: 'us-east-1',
  kmsHost: 'kms.us-east-1.amazonaws.com',
  tlsRoots: [certificatePem()],
  vaultKeyArns: [KEYS.vault],
  requestKeyArns: [KEYS.request],
  legacyKeyArns: [key('4')],
});
const API = {
  region: 'us-east-1',
  keys: KEYS,
  store: { kind: 'dynamodb', table: 'enclave-vault' },
  audit: { kind: 'log_group', name: '/enclave-vault/audit' },
  parent: 'unix:/run/enclave-vault/parent.sock',
};
const PARENT = {
  listen: 'unix:/run/enclave-vault/parent.sock',
  image: '/opt/vault.eif',
  enclave: { configuration: Buffer.from(CONFIGURATION).toString('base64') },
};
const { partition, account, region, name, network, roles } = LOCAL;
const DEPLOYMENT = { partition, account, region, name, network, roles };
const files = {
  api: file('one', API),
  parent: file('two', PARENT),
  deployment: file('three', DEPLOYMENT),
};

const signer = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const publicKey = signer.publicKey.export({ format: 'pem', type: 'spki' }).toString();
const hex = (digit: string) => digit.repeat(96);
const manifest = (more: object = {}, by: KeyObject = signer.privateKey) =>
  signManifest(
    {
      issued: 0,
      images: [
        { name: 'x', architecture: 'x86_64', pcr0: hex('a'), pcr1: hex('b'), pcr2: hex('c'), ...more },
      ],
    },
    by,
  );

function subjectOf(paths: readonly string[], more: Partial<Given> = {}) {
  const subject = deployedSubject({
    files: readRoleFiles(paths, undefined, {}),
    manifests: [],
    manifestKey: publicKey,
    as: undefined,
    endpoints: {},
    attestationRoot: undefined,
    ...more,
  });
  subject.clients.close();
  subject.parent?.close();
  return subject;
}
const told = (outcomes: readonly Outcome[]) =>
  Object.fromEntries(outcomes.map(({ of = '', status, seen }) => [of, `${status}: ${seen}`]));

describe('role files', () => {
  test('are known by what is in them, and agree', () => {
    const subject = subjectOf(Object.values(files));
    expect(told(subject.configuration)).toEqual({
      'one.json (api)': 'ok: every setting reads',
      'two.json (parent)': 'ok: every setting reads',
      'three.json (deployment)': 'ok: every setting reads',
      'between files': 'ok: they agree',
    });
    expect(subject.keys.map(({ use }) => use)).toEqual(['vault', 'request', 'integrity', 'legacy']);
    expect(subject.deployment).toEqual({ ...LOCAL, replicaRegions: [], deployers: [] });
    expect(subject.store).toEqual({ kind: 'dynamodb', table: 'enclave-vault' });
    expect(subject.audit).toEqual({ kind: 'log_group', logGroup: '/enclave-vault/audit' });
    expect(subject.parent?.address).toBe('/run/enclave-vault/parent.sock');
    expect(subject.expected).toEqual({
      pcr3: [pcr3(LOCAL.roles.instance).toString('hex')],
      pcr16: [pcr16(CONFIGURATION).toString('hex')],
    });
  });

  test('with problems are told with all of them, and the others are looked at all the same', () => {
    const { region: _region, ...without } = API;
    const broken = file('broken', { ...without, kies: { vault: 'secret' }, store: { kind: 'paper' } });
    const subject = subjectOf([
      broken,
      files.deployment,
      file('torn', '{"a": secret'),
      join(folder, 'none.json'),
    ]);
    const found = told(subject.configuration);
    expect(found['broken.json (api)']).toMatch(
      /^fail: .*kies is unknown: did you mean keys.*region is missing.*store\.kind must be/,
    );
    expect(found['torn.json']).toContain('not JSON');
    expect(found['none.json']).toContain('cannot be read');
    expect(found['three.json (deployment)']).toMatch(/^ok/);
    expect(JSON.stringify(subject.configuration)).not.toContain('secret');
  });

  test('are of the role that knows their members, however little they say', () => {
    const little = { api: { region: 'eu-central-1' }, deployment: { account: '1', region: 'eu-central-1' } };
    for (const [role, content] of Object.entries(little)) {
      const subject = subjectOf([file('little', content)]);
      expect(Object.keys(told(subject.configuration))).toEqual([`little.json (${role})`]);
      expect(subject.title).toBe('deployment of unknown name in an unknown Region');
    }
  });

  test.each([
    ['keys', { api: { ...API, keys: { ...KEYS, vault: key('9') } } }, 'keys.vault is not among'],
    ['the region', { api: { ...API, region: 'eu-central-1' } }, 'another region than the API'],
    ['the way to the parent', { parent: { ...PARENT, ...CHANNEL() } }, 'in another way than it listens'],
    [
      'the account',
      { deployment: { ...DEPLOYMENT, account: '111111111111', roles: foreign() } },
      'in another account',
    ],
  ])('that disagree about %s fail', (_what, changed, seen) => {
    const of = { api: API, parent: PARENT, deployment: DEPLOYMENT, ...changed };
    const subject = subjectOf(Object.entries(of).map(([role, content]) => file(`other-${role}`, content)));
    expect(told(subject.configuration)['between files']).toMatch(/^fail/);
    expect(told(subject.configuration)['between files']).toContain(seen);
  });

  test('twice of one role fail', () => {
    const outcomes = told(subjectOf([files.api, file('again', API)]).configuration);
    expect(outcomes['again.json (api)']).toBe('fail: a second file of this role');
  });

  test('are overruled by the variables of a shell that is said to be of their role', () => {
    const env = { ENCLAVE_VAULT_STORE_TABLE: 'another', ENCLAVE_VAULT_STORE_TABEL: 'x', PATH: '/bin' };
    const read = readRoleFiles([files.api, files.deployment], 'api', env);
    expect(read.api).toBeUndefined();
    expect(told(read.outcomes)['one.json (api)']).toContain(
      'ENCLAVE_VAULT_STORE_TABEL is unknown: did you mean',
    );
    const { ENCLAVE_VAULT_STORE_TABEL: _mistyped, ...right } = env;
    expect(readRoleFiles([files.api], 'api', right).api?.store.table).toBe('another');
    expect(readRoleFiles([files.api], undefined, right).api?.store.table).toBe('enclave-vault');
  });

  test('are not needed where the shell has every setting', () => {
    const env = {
      ENCLAVE_VAULT_REGION: 'us-east-1',
      ENCLAVE_VAULT_KEYS_VAULT: KEYS.vault,
      ENCLAVE_VAULT_KEYS_REQUEST: KEYS.request,
      ENCLAVE_VAULT_KEYS_INTEGRITY: KEYS.integrity,
      ENCLAVE_VAULT_STORE_PATH: '/x',
      ENCLAVE_VAULT_AUDIT_PATH: '/y',
      ENCLAVE_VAULT_PARENT: 'unix:/z',
    };
    const read = readRoleFiles([], 'api', env);
    expect(told(read.outcomes)).toEqual({ 'environment (api)': 'ok: every setting reads' });
    expect(read.api?.keys).toEqual(KEYS);
  });
});

describe('the parent’s file alone', () => {
  test('says which keys there are; its socket is asked', () => {
    const subject = subjectOf([files.parent]);
    expect(subject.keys.map(({ use }) => use)).toEqual(['vault', 'request', 'legacy']);
    expect(subject.parent?.address).toBe('/run/enclave-vault/parent.sock');
    expect(subject.store).toBeUndefined();
    expect(told(subject.configuration)).toEqual({ 'two.json (parent)': 'ok: every setting reads' });
  });

  test('over the network only its place for a load balancer can be asked from here', async () => {
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/health' ? 200 : 404).end('{}');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    const health = `http://0.0.0.0:${port}`;
    const subject = deployedSubject({
      files: readRoleFiles([file('network', { ...PARENT, ...CHANNEL(), health })], undefined, {}),
      manifests: [],
      manifestKey: undefined,
      as: undefined,
      endpoints: {},
      attestationRoot: undefined,
    });
    expect(await findings(parent, subject)).toEqual({
      '': { status: 'ok', seen: 'an enclave is healthy; how many is not told here' },
    });
    expect((await findings(enclaveAttestation, subject))['']).toMatchObject({
      status: 'skipped',
      seen: expect.stringContaining('health only'),
    });
    subject.parent?.close();
    subject.clients.close();
    server.close();
    const without = subjectOf([file('shut', { ...PARENT, ...CHANNEL() })]);
    expect((await findings(parent, without))['']?.seen).toContain('give it a `health` place');
  });

  test('with a configuration that no enclave takes fails', () => {
    const enclave = { configuration: Buffer.from('nonsense').toString('base64') };
    const subject = subjectOf([file('odd', { ...PARENT, enclave })]);
    expect(told(subject.configuration)['enclave configuration']).toBe(
      'fail: an enclave would refuse its configuration (malformed)',
    );
  });
});

describe('manifests', () => {
  const outcome = (given: Partial<Given>) => subjectOf(Object.values(files), given);

  test('say what an image measures to, and the files the rest', () => {
    const subject = outcome({ manifests: [manifest({ pcr8: hex('e') })] });
    expect(told(subject.configuration).manifest).toBe('ok: signed; images: 1');
    expect(subject.expected).toMatchObject({
      pcr0: [hex('a')],
      pcr8: [hex('e')],
      pcr3: [pcr3(LOCAL.roles.instance).toString('hex')],
    });
  });

  test('of a rollout add up; a register that one leaves out is not known', () => {
    const subject = outcome({ manifests: [manifest({ pcr8: hex('e') }), manifest({ pcr0: hex('d') })] });
    expect(subject.expected.pcr0).toEqual([hex('a'), hex('d')]);
    expect(subject.expected.pcr8).toBeUndefined();
  });

  test.each([
    [
      'signed by another',
      manifest({}, generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey),
      'manifest_',
    ],
    ['no manifest', Buffer.from('{}'), 'manifest_'],
  ])('%s are refused', (_what, bytes, seen) => {
    const subject = outcome({ manifests: [bytes] });
    expect(told(subject.configuration).manifest).toMatch(new RegExp(`^fail: refused: ${seen}`));
    expect(subject.expected.pcr0).toBeUndefined();
  });

  test.each([
    ['role', { pcr3: hex('1') }, 'its PCR3 is not of the deployment’s roles.instance'],
    ['configuration', { pcr16: hex('1') }, 'its PCR16 is not of the parent’s enclave configuration'],
  ])('for another %s fail', (_what, more, seen) => {
    expect(told(outcome({ manifests: [manifest(more)] }).configuration).manifest).toBe(`fail: ${seen}`);
  });
});

describe('options', () => {
  const parse = (...args: string[]) => parseDoctorOptions(args, { INIT_CWD: '/here' });

  test('are taken from where the user stands', () => {
    expect(parse()).toMatchObject({ data: '/here/.vault', configs: [], json: false });
    expect(parse('--config', 'a.json', '--config', '/b.json', '--as', 'api', '--json')).toMatchObject({
      data: undefined,
      configs: ['/here/a.json', '/b.json'],
      as: 'api',
      json: true,
    });
    expect(parse('--env', 'api', '--endpoint', 'kms=https://localhost:1/?a=b').endpoints).toEqual({
      kms: { url: 'https://localhost:1/?a=b' },
    });
  });

  test.each([
    [['--data', 'x', '--config', 'y'], '--data goes with neither'],
    [['--config', 'y', '--manifest', 'z'], '--manifest and --manifest-key go together'],
    [['--manifest', 'z', '--manifest-key', 'k'], '--manifest goes with --config or --env'],
    [['--as', 'root'], '--as takes one of'],
    [['--env', 'x'], '--env takes one of'],
    [['--endpoint', 'kms'], '--endpoint takes SERVICE=URL'],
    [['--endpoint', 's3=https://x'], '--endpoint takes SERVICE=URL'],
    [['--nonsense'], "Unknown option '--nonsense'"],
    [['here'], 'Unexpected argument'],
  ])('%j is a mistake of use', (args, message) => {
    expect(() => parse(...args)).toThrow(UsageError);
    expect(() => parse(...args)).toThrow(message);
  });
});

function foreign() {
  return Object.fromEntries(
    Object.entries(LOCAL.roles).map(([role, arn]) => [role, arn.replace(LOCAL.account, '111111111111')]),
  );
}

function channelRoot(side: Side): string {
  const { publicKey: made } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  return createChannelRoot({ publicKey: made.export({ format: 'der', type: 'spki' }), side });
}

function CHANNEL() {
  return {
    listen: 'https://0.0.0.0:8443',
    channel: { key: key('5'), serverRoot: channelRoot('server'), clientRoot: channelRoot('client') },
  };
}
