// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { parseErrorAnswer } from '@enclave-vault/protocol';
import { serveFrames } from '../../../../emulators/nitro/src/nsm/frames.ts';
import type { EnclaveImage } from '../../build.ts';
import type { Question } from './caller.ts';
import { PCRS, type TestDeployment } from './deployment.ts';
import { testModule } from './nsm.ts';

/** A byte relay to KMS, as the parent has one. */
export async function startRelay(path: string, port: number) {
  const sockets = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connect(port, '127.0.0.1');
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          inner.destroy();
          outer.destroy();
        });
    }
    inner.pipe(outer).pipe(inner);
  });
  await once(server.listen(path), 'listening');
  return {
    async close(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** A socket's file is there a moment before somebody listens. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket
      .once('error', () => resolve(false))
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      });
  });
}

/** The built program as a process of its own, with a module on descriptor 3 and a relay: what a hypervisor and a parent do. */
export async function launch(image: EnclaveImage, deployment: TestDeployment, relayed = true) {
  const folder = mkdtempSync(join(tmpdir(), 'ev-'));
  const relay = relayed ? await startRelay(join(folder, 'kms.sock'), deployment.port) : null;
  const program: ChildProcess = spawn(
    process.execPath,
    [...image.nodeFlags, join(image.directory, 'enclave.mjs')],
    { cwd: folder, env: {}, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [program.stdout, program.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
  }
  const module = testModule(deployment.root, PCRS);
  const descriptor = program.stdio[3] as Duplex;
  const served = serveFrames(descriptor, module.handle);
  const exited = once(program, 'exit') as Promise<[number | null, string | null]>;
  const socketPath = join(folder, 'listen.sock');
  while (!(await isListening(socketPath))) await new Promise((tick) => setTimeout(tick, 10));

  function call(method: string, path: string, body: Uint8Array = Buffer.alloc(0)): Promise<Buffer | string> {
    return new Promise((resolve, reject) => {
      const sent = request({ socketPath, method, path }, async (answer) => {
        const bytes = Buffer.concat(await answer.toArray());
        if (answer.statusCode === 200) resolve(bytes);
        else resolve(answer.statusCode === 204 ? 'empty' : parseErrorAnswer(bytes));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  const credentials = deployment.credentialsOf(deployment.principals.instance);
  return {
    program,
    module,
    folder,
    descriptor,
    exited,
    call,
    output: () => output,
    async ask(question: Question) {
      const answer = await call('POST', '/v1/decrypt', question.message(credentials));
      return typeof answer === 'string' ? answer : question.open(answer);
    },
    async close(): Promise<void> {
      if (program.exitCode === null && program.signalCode === null) program.kill('SIGKILL');
      await exited;
      await served;
      await relay?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
