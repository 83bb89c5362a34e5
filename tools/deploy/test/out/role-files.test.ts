// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readManifest } from '@enclave-vault/eif';
import { expect, onTestFinished, test } from 'vitest';
import { readRoleFiles } from '../../../admin/src/doctor/role-files.ts';
import { DeployError } from '../../src/errors.ts';
import { roleFiles } from '../../src/out/role-files.ts';
import { writeFiles } from '../../src/out/write.ts';
import { deploy } from '../../src/plan/deploy.ts';
import { Rehearsal } from '../support/rehearsal.ts';
import { releaseFixture } from '../support/release-fixture.ts';

test('what a deployment writes, the doctor reads: roles, and the manifest of what the keys admit', async () => {
  const rehearsal = new Rehearsal();
  const release = await releaseFixture('1.0.0');
  const run = await rehearsal.run(release);
  const known = await deploy(run);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
  const folder = await mkdtemp(join(tmpdir(), 'vault-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFiles(folder, roleFiles(run, known, folder, privateKey));
  expect((await readdir(folder)).sort()).toEqual([
    'api.json',
    'authorizers.json',
    'channel-client-root.pem',
    'channel-server-root.pem',
    'deployment.json',
    'enclave.configuration',
    'measurements.json',
    'parent.json',
  ]);
  const files = ['api', 'parent', 'deployment'].map((role) => join(folder, `${role}.json`));
  const { api, parent, deployment, outcomes } = readRoleFiles(files, undefined, {});
  expect(outcomes.map(({ of, status, seen }) => [of, status, seen])).toEqual(
    ['api', 'parent', 'deployment'].map((role) => [`${role}.json (${role})`, 'ok', 'every setting reads']),
  );
  expect(deployment?.roles).toEqual(run.names.roles);
  expect(deployment?.deployers).toEqual(run.config.deployers);
  expect(parent?.enclave.configuration).toEqual(known.settings?.configuration);
  expect(parent?.channel.serverRoot).toBe(known.settings?.serverRoot);
  expect(api?.region).toBe('eu-central-1');
  const { 'measurements.json': manifest = '' } = roleFiles(run, known, folder, privateKey);
  expect(readManifest(Buffer.from(manifest), createPublicKey(privateKey))).toEqual(
    await rehearsal.admitted(),
  );
  expect(roleFiles(run, known, folder, undefined)).not.toHaveProperty(['measurements.json']);
});

test('a folder that cannot be written is said so', async () => {
  await expect(writeFiles(join(import.meta.filename, 'below'), { a: '' })).rejects.toThrow(DeployError);
});

test('a link that lies where a file is to be, or a name that could be guessed, leads nowhere else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'deploy-out-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const precious = join(folder, 'precious');
  await writeFile(precious, 'mine');
  await symlink(precious, join(folder, 'api.json'));
  // What a name by process would be.
  await symlink(precious, join(folder, `api.json.${process.pid}.tmp`));
  await writeFiles(folder, { 'api.json': '{}' });
  expect(await readFile(precious, 'utf8')).toBe('mine');
  expect(await readFile(join(folder, 'api.json'), 'utf8')).toBe('{}');
  expect((await lstat(join(folder, 'api.json'))).isSymbolicLink()).toBe(false);
});
