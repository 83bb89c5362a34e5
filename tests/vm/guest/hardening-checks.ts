// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { PCRS, type TestDeployment } from '../../../trusted/enclave/test/support/deployment.ts';
import { check } from './checks.ts';
import { Enclave } from './enclave.ts';
import { NsmService } from './nsm-protocol.ts';

const NOBODY = 65_532;

const lineOf = (file: string, name: string): string =>
  readFileSync(file, 'utf8')
    .split('\n')
    .find((line) => line.startsWith(name))
    ?.slice(name.length)
    .trim()
    .replace(/\s+/g, ' ') ?? '';

/** Reads a file as a user. @returns what is wrong, or `read` */
function readAs(uid: number, file: string): string {
  const code = `try { require('node:fs').readFileSync(${JSON.stringify(file)}); console.log('read'); } catch (error) { console.log(error.code); }`;
  return execFileSync('/bin/node', ['-e', code], { uid, gid: uid, env: {}, encoding: 'utf8' }).trim();
}

/** What can be seen of the program from outside it: who it is, what it may, what it leaves. */
export async function hardeningChecks({ root }: TestDeployment): Promise<void> {
  const service = await NsmService.start('nsm-hardening', root, PCRS);
  const enclave = Enclave.launch({ nsm: service.name });
  await enclave.listening();
  const proc = `/proc/${enclave.pid}`;

  await check('hardening: all its threads are nobody, in no group, with no capability', () => {
    const tasks = readdirSync(`${proc}/task`);
    ok(tasks.length > 4);
    for (const task of tasks) {
      const status = `${proc}/task/${task}/status`;
      const ids = Array(4).fill(NOBODY).join(' ');
      deepEqual(
        ['Uid:', 'Gid:', 'Groups:', 'CapEff:', 'CapPrm:'].map((name) => lineOf(status, name)),
        [ids, ids, '', '0000000000000000', '0000000000000000'],
      );
    }
  });
  await check('hardening: core dumps are off, soft and hard', () => {
    equal(lineOf(`${proc}/limits`, 'Max core file size'), '0 0 bytes');
  });
  await check(
    'hardening: it is not dumpable: its files of /proc are root’s, and closed to its own user',
    () => {
      equal(statSync(`${proc}/environ`).uid, 0);
      equal(readAs(NOBODY, `${proc}/environ`), 'EACCES');
      equal(readAs(NOBODY, `${proc}/maps`), 'EACCES');
      // The same of a process that did nothing about it, or the check could not fail.
      equal(readAs(NOBODY, '/proc/self/environ'), 'read');
    },
  );
  await check('hardening: no arguments but Node’s, no environment, no descriptor but its own', () => {
    equal(readFileSync(`${proc}/environ`, 'utf8'), '');
    equal(readFileSync(`${proc}/comm`, 'utf8').trim(), 'enclave');
    equal(
      execFileSync('/bin/busybox', ['readlink', `${proc}/root`], { encoding: 'utf8' }).trim(),
      '/enclave',
    );
    equal(
      readdirSync(`${proc}/fd`).filter((fd) =>
        execFileSync('/bin/busybox', ['readlink', `${proc}/fd/${fd}`], { encoding: 'utf8' })
          .trim()
          .endsWith('/dev/nsm'),
      ).length,
      1,
    );
  });
  await check('hardening: the permission model is on, with addons allowed for the one that is loaded', () => {
    const command = readFileSync(`${proc}/cmdline`, 'utf8');
    ok(command === 'enclave' || command.startsWith('enclave'));
    const maps = readFileSync(`${proc}/maps`, 'utf8');
    deepEqual([...new Set(maps.match(/\S+\.node\b/g))], ['/enclave/app/koffi.node']);
  });
  await check('hardening: a crash leaves no core, where one of another process does', async () => {
    writeFileSync('/proc/sys/kernel/core_pattern', '/tmp/core.%e.%p');
    const cores = (): string[] => readdirSync('/tmp').filter((name) => name.startsWith('core.'));
    spawnSync('/bin/sh', ['-c', 'ulimit -c unlimited; kill -SEGV $$']);
    equal(cores().length, 1);
    await enclave.kill('SIGSEGV');
    equal(cores().length, 1);
    deepEqual(
      readdirSync('/enclave').filter((name) => name.startsWith('core')),
      [],
    );
  });
  await check('hardening: the kernel’s random numbers are not those of the boot before', () => {
    notEqual(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), '');
    ok(Number(readFileSync('/proc/sys/kernel/random/entropy_avail', 'utf8')) >= 256);
  });
  await service.stop();
}
