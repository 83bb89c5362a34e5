// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EnclaveDescription } from '../../src/descriptions.ts';
import { probeAbilities } from '../../src/sandbox/probe.ts';
import { findTools } from '../../src/sandbox/tools.ts';
import { openHypervisor, probe, RUN } from './probe.ts';

// What is refused depends on what the kernel of this machine allows; what it allows is asked once, apart from the code
// that launches. Where nothing is allowed these tests are skipped, visibly.
const { namespaces } = await probeAbilities(findTools());

describe.runIf(namespaces.has('mount') && namespaces.has('pid') && namespaces.has('network'))(
  'a program in all namespaces',
  () => {
    let vault: Awaited<ReturnType<typeof openHypervisor>>;
    let enclave: EnclaveDescription;
    let other: EnclaveDescription;
    let server: net.Server;

    beforeAll(async () => {
      vault = await openHypervisor();
      [enclave, other] = await Promise.all([
        vault.hypervisor.runEnclave(RUN),
        vault.hypervisor.runEnclave({ ...RUN, name: 'other' }),
      ]);
      await writeFile(join(vault.folder, 'secret'), 'secret');
      server = net.createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
    });
    afterAll(async () => {
      server.close();
      await vault.close();
    });

    test('says which it reached, and the kernel agrees', () => {
      expect(enclave.Isolation).toEqual([
        ...namespaces,
        'private_root',
        'no_new_privileges',
        'no_capabilities',
        'no_core_dumps',
        'no_file_writes',
        'empty_environment',
      ]);
      const status = readFileSync(`/proc/${enclave.ProcessID}/status`, 'utf8');
      expect(status).toMatch(/^CapEff:\s0+$/m);
      expect(status).toMatch(/^NoNewPrivs:\s1$/m);
      expect(vault.logged.filter(({ event }) => event === 'isolation_fallback')).toEqual([]);
    });

    test('has no arguments, no environment, no parent, no network, and is not root', async () => {
      expect(await probe(enclave, 'about')).toEqual({
        value: {
          env: {},
          argv: ['/node', '/enclave.mjs'],
          execArgv: ['--max-old-space-size=64'],
          cwd: '/sockets',
          pid: 1,
          ppid: 0,
          uid: expect.any(Number),
          interfaces: [],
          hostname: expect.any(String),
        },
      });
      if (namespaces.has('user')) {
        expect(await probe(enclave, 'about')).toMatchObject({ value: { uid: 65534 } });
      }
    });

    test('sees its program, its binary, the libraries and its sockets, and nothing else', async () => {
      const { value } = (await probe(enclave, 'list', { path: '/' })) as { value: string[] };
      expect(value.filter((name) => !/^(?:lib\w*|usr)$/.test(name))).toEqual([
        'enclave.mjs',
        'node',
        'sockets',
      ]);
      expect(await probe(enclave, 'list', { path: '/sockets' })).toEqual({ value: ['listen.sock'] });
      expect(await probe(enclave, 'read', { path: '/enclave.mjs' })).toEqual({
        value: readFileSync(join(RUN.image, 'enclave.mjs'), 'utf8'),
      });
    });

    test.each([
      '/etc/passwd',
      '/proc/self/status',
      '/dev/null',
      '/sys',
      '/root',
      '/home',
      '/bin/sh',
      '/sockets/../etc',
    ])('does not find %s', async (path) => {
      expect(await probe(enclave, 'read', { path })).toEqual({ code: 'ENOENT' });
    });

    test('does not find files of the hypervisor, nor the folders of other enclaves', async () => {
      for (const path of [join(vault.folder, 'secret'), RUN.image, `/proc/${process.pid}/environ`]) {
        expect(await probe(enclave, 'read', { path })).toEqual({ code: 'ENOENT' });
      }
      for (const path of [vault.folder, other.Sockets, enclave.Sockets]) {
        expect(await probe(enclave, 'list', { path })).toEqual({ code: 'ENOENT' });
      }
    });

    test('reaches no TCP port of this machine, nor the sockets of others', async () => {
      const { port } = server.address() as net.AddressInfo;
      const outside = net.connect(port, '127.0.0.1');
      await once(outside, 'connect');
      outside.destroy();
      for (const host of ['127.0.0.1', '192.0.2.1', '::1']) {
        expect(await probe(enclave, 'tcp', { host, port })).toEqual({
          value: expect.stringMatching(/^(?:ENETUNREACH|EADDRNOTAVAIL)$/),
        });
      }
      const theirs = join(other.Sockets, 'listen.sock');
      expect(await probe(enclave, 'unix', { path: theirs })).toEqual({ value: 'ENOENT' });
      expect(await probe(enclave, 'unix', { path: '/sockets/listen.sock' })).toEqual({ value: 'connected' });
    });

    test('reaches no abstract socket of this machine', async () => {
      const name = `\0evn-${process.pid}`;
      const abstract = net.createServer().listen(name);
      await once(abstract, 'listening');
      expect(await probe(enclave, 'unix', { path: name })).toEqual({ value: 'ECONNREFUSED' });
      abstract.close();
    });

    test('sees no other process', async () => {
      expect(await probe(enclave, 'kill', { pid: 1 })).toEqual({ value: true });
      for (const pid of [process.pid, other.ProcessID, enclave.ProcessID, 2]) {
        expect(await probe(enclave, 'kill', { pid })).toEqual({ code: 'ESRCH' });
      }
    });

    test('writes no file, and cannot change what it runs', async () => {
      for (const path of ['/new', '/lib/new', '/node', '/enclave.mjs']) {
        expect(await probe(enclave, 'write', { path })).toEqual({ code: 'EROFS' });
      }
      for (const path of ['/node', '/enclave.mjs']) {
        expect(await probe(enclave, 'chmod', { path })).toEqual({ code: 'EROFS' });
        expect(await probe(enclave, 'remove', { path })).toEqual({ code: 'EROFS' });
      }
    });

    test('finds no shell to run', async () => {
      for (const file of ['/bin/sh', 'sh', '/launch/setpriv', '/usr/bin/unshare']) {
        expect(await probe(enclave, 'run', { file })).toEqual({ value: 'ENOENT' });
      }
    });

    test('has a module that nobody opens by its path', () => {
      expect(() => openSync(`/proc/${enclave.ProcessID}/fd/3`, 'r+')).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^(?:ENXIO|EACCES)$/) }),
      );
    });

    test('fills no disk through the folder of its sockets', async () => {
      expect(await probe(other, 'fill', { path: '/sockets/file' })).toEqual({ code: 'EFBIG' });
      expect(readFileSync(join(other.Sockets, 'file'))).toHaveLength(0);
    });
  },
);
