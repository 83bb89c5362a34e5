// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http';
import { KMSClient } from '@aws-sdk/client-kms';
import { afterAll, expect, test } from 'vitest';
import { LOCAL } from '../../src/dev/deployment.ts';
import { runChecks } from '../../src/doctor/check.ts';
import { credentials, judge, roleOf } from '../../src/doctor/checks/credentials.ts';
import { kmsKeys } from '../../src/doctor/checks/keys.ts';
import { keyUses, unattestedDecrypt } from '../../src/doctor/checks/probes.ts';
import { Clients } from '../../src/doctor/clients.ts';
import type { Subject } from '../../src/doctor/subject.ts';
import { findings } from './deployed.ts';

const session = (role: string, account = LOCAL.account) =>
  `arn:aws:sts::${account}:assumed-role/${role}/i-0123456789`;
const facts = { deployment: LOCAL, as: undefined, keys: [] };

test.each([
  [session('api'), 'api'],
  [session('instance'), 'instance'],
  [session('break-glass'), 'breakGlass'],
  [session('somebody'), undefined],
  [session('api', '111111111111'), undefined],
  ['arn:aws:iam::000000000000:user/api', undefined],
  ['arn:aws:iam::000000000000:root', undefined],
])('%s is a session of %s', (arn, role) => {
  expect(roleOf(arn, LOCAL)).toBe(role);
});

test.each([
  ['the role that is meant', session('api'), { ...facts, as: 'api' as const }, 'ok'],
  ['a role of the deployment', session('deployment'), facts, 'ok'],
  ['another role than is meant', session('instance'), { ...facts, as: 'api' as const }, 'fail'],
  ['no role of the deployment', session('somebody'), facts, 'warn'],
  [
    'a deployer, by the name of his role',
    session('deployer'),
    { ...facts, deployment: { ...LOCAL, deployers: [`arn:aws:iam::${LOCAL.account}:role/people/deployer`] } },
    'ok',
  ],
  [
    'a deployer of another account',
    session('deployer', '111111111111'),
    { ...facts, deployment: { ...LOCAL, deployers: [`arn:aws:iam::${LOCAL.account}:role/people/deployer`] } },
    'fail',
  ],
  ['another account', session('api', '111111111111'), facts, 'fail'],
  ['anybody, when the deployment is not known', session('api'), { ...facts, deployment: undefined }, 'warn'],
  [
    'another account than the keys’',
    session('api', '111111111111'),
    {
      deployment: undefined,
      as: undefined,
      keys: [{ use: 'vault' as const, arn: `arn:aws:kms:us-east-1:${LOCAL.account}:key/1` }],
    },
    'fail',
  ],
])('credentials of %s', (_who, arn, subject, status) => {
  expect(judge(arn, subject).status).toBe(status);
});

/** STS as its API reference describes the answers of GetCallerIdentity; there is none to run. */
let answer: { status: number; body: string };
const sts = createServer((request, response) => {
  request.resume();
  response.writeHead(answer.status, { 'content-type': 'text/xml' }).end(answer.body);
});
await new Promise<void>((done) => sts.listen(0, '127.0.0.1', done));
const { port } = sts.address() as { port: number };
const endpoints = { sts: { url: `http://127.0.0.1:${port}` } };
const clients = new Clients(LOCAL.region, endpoints);
afterAll(() => {
  clients.close();
  sts.closeAllConnections();
  sts.close();
});
const subject: Subject = {
  title: '',
  production: true,
  region: LOCAL.region,
  configuration: [],
  deployment: LOCAL,
  expected: {},
  keys: [],
  callers: [{ name: 'here', credentials: { accessKeyId: 'ASIAX', secretAccessKey: 'secret-of-here' } }],
  endpoints,
  clients,
  now: Date.now,
};

test('STS is asked who they are', async () => {
  answer = {
    status: 200,
    body: `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>${session('instance')}</Arn><UserId>AROAX:i-0123456789</UserId><Account>${LOCAL.account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
  };
  expect(await findings(credentials, subject)).toEqual({
    '': { status: 'ok', seen: `caller is ${session('instance')}, the instance role` },
  });
  expect(await findings(credentials, { ...subject, as: 'api' })).toMatchObject({ '': { status: 'fail' } });
});

test('credentials that have expired are told, and not shown', async () => {
  answer = {
    status: 403,
    body: '<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The token secret-of-here is expired</Message></Error></ErrorResponse>',
  };
  const found = await findings(credentials, subject);
  expect(found['']).toMatchObject({
    status: 'fail',
    seen: 'STS: the credentials have expired (ExpiredToken)',
  });
  expect(JSON.stringify(found)).not.toContain('secret');
});

test('that there are none is one finding, and every other check of AWS is skipped for it', async () => {
  const error = Object.assign(new Error('no secret-of-here'), { name: 'CredentialsProviderError' });
  const provider = () => Promise.reject(error);
  const kms = new KMSClient({ region: LOCAL.region, endpoint: endpoints.sts.url, credentials: provider });
  const asked = {
    ...subject,
    keys: [{ use: 'vault', arn: `arn:aws:kms:us-east-1:${LOCAL.account}:key/1` } as const],
  };
  const without = {
    ...asked,
    clients: Object.assign(Object.create(clients), { kms: () => kms, get: () => kms }),
  };
  const found = await runChecks([credentials, kmsKeys, unattestedDecrypt, keyUses], without);
  kms.destroy();
  expect(found.map(({ check, status }) => [check, status])).toEqual([
    ['credentials', 'fail'],
    ['kms_keys', 'skipped'],
    ['unattested_decrypt', 'skipped'],
    ['key_uses', 'skipped'],
  ]);
  expect(found[1]?.seen).toBe('there are no AWS credentials here: see credentials');
  expect(JSON.stringify(found)).not.toContain('secret');
});
