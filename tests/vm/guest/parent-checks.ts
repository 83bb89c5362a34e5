// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Question } from '../../../trusted/enclave/test/support/caller.ts';
import type { TestDeployment } from '../../../trusted/enclave/test/support/deployment.ts';
import { check } from './checks.ts';
import { type Asked, makeRecord, opened, question } from './enclave-checks.ts';
import { Hypervisor } from './hypervisor.ts';
import { type Caller, unixCaller } from './vsock-client.ts';

const LISTEN = '/tmp/parent.sock';
const READY_MS = 60_000;

/** The parent's process, as on an instance: nitro-cli, vsock and its relay to KMS. */
class Parent {
  readonly process: ChildProcess;
  output = '';

  constructor(deployment: TestDeployment) {
    this.process = spawn('/bin/node', ['/guest/parent.mjs'], {
      env: { PATH: '/bin' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString('utf8');
      });
    const { accessKeyId, secretAccessKey } = deployment.principals.instance;
    const configuration = {
      listen: `unix:${LISTEN}`,
      hypervisor: { kind: 'nitro', command: '/guest/nitro-cli' },
      image: '/guest/enclave.eif',
      enclaves: { count: 1, cpuCount: 2, memoryMib: 512 },
      enclave: { configuration: deployment.configuration.toString('base64') },
      kms: { host: '127.0.0.1', port: deployment.port },
      credentials: { kind: 'static', accessKeyId, secretAccessKey },
    };
    this.process.stdin?.write(`${JSON.stringify(configuration)}\n`);
  }

  async ready(): Promise<void> {
    const lines = createInterface({ input: this.process.stdout ?? process.stdin });
    const gone = once(this.process, 'exit').then(() => Promise.reject(new Error(this.output)));
    await Promise.race([once(lines, 'line', { signal: AbortSignal.timeout(READY_MS) }), gone]);
  }

  async stop(): Promise<number | null> {
    const exited = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    const [code] = await exited;
    return code as number | null;
  }
}

/** Sends a sealed request through the parent. @returns the opened answer, or a refusal as text */
async function decrypt(call: Caller, asked: Asked, one = question(asked)): Promise<unknown> {
  const { status, body } = await call('POST', '/decrypt', one.envelope);
  return status === 200 ? opened(one, body) : String(status);
}

/** As a caller that retries: until there is an answer, or it has waited too long. */
async function persistently(
  call: Caller,
  asked: Asked,
  first?: Question,
): Promise<{ answer: unknown; tries: number }> {
  const until = Date.now() + 60_000;
  for (let tries = 1; ; tries++) {
    const answer = await decrypt(call, asked, tries === 1 ? first : undefined).catch(() => 'no connection');
    if (typeof answer !== 'string' || Date.now() > until) return { answer, tries };
    await new Promise((tick) => setTimeout(tick, 200));
  }
}

async function healthy(call: Caller): Promise<void> {
  const until = Date.now() + READY_MS;
  while ((await call('GET', '/health')).status !== 200) {
    if (Date.now() > until) throw new Error('no enclave is healthy');
    await new Promise((tick) => setTimeout(tick, 100));
  }
}

/** Parent and enclave over vsock, with this machine's nitro-cli between them. */
export async function parentChecks(deployment: TestDeployment): Promise<void> {
  const hypervisor = new Hypervisor(deployment.root);
  hypervisor.listen();
  const asked = await makeRecord(deployment);
  const parent = new Parent(deployment);
  const call = unixCaller(LISTEN);
  const whole = { data: 2, errors: [] };
  const shape = (answer: unknown): unknown => {
    const { data, errors } = answer as { data?: unknown[]; errors?: unknown[] };
    return data === undefined ? answer : { data: data.length, errors };
  };

  await check('parent: launches an enclave by nitro-cli, configures it over vsock, and serves', async () => {
    await parent.ready();
    await healthy(call);
    equal(hypervisor.launches, 1);
    deepEqual(shape((await persistently(call, asked)).answer), whole);
  });
  await check('parent: 200 requests at once', async () => {
    const questions = Array.from({ length: 200 }, () => question(asked));
    const answers = await Promise.all(questions.map((one) => persistently(call, asked, one)));
    for (const { answer } of answers) deepEqual(shape(answer), whole);
    // The parent gives up after seven seconds, whatever machine it is on.
    const late = answers.filter(({ tries }) => tries > 1).length;
    if (late > 0) console.log(`figures: ${late} of 200 requests at once through the parent were made again`);
    equal(hypervisor.launches, 1);
  });
  await check(
    'parent: an enclave that is killed under way is replaced, and every request is answered',
    async () => {
      const first = hypervisor.running;
      const requests = Array.from({ length: 40 }, () => persistently(call, asked));
      await new Promise((tick) => setTimeout(tick, 50));
      first?.enclave.process.kill('SIGKILL');
      const answers = await Promise.all(requests);
      for (const { answer } of answers) deepEqual(shape(answer), whole);
      equal(hypervisor.launches, 2);
      notEqual(hypervisor.running?.id, first?.id);
      ok(answers.some(({ tries }) => tries > 1));
    },
  );
  await check('parent: says which enclave, which died, and no value', () => {
    for (const event of ['enclave_healthy', 'enclave_lost']) ok(parent.output.includes(`"event":"${event}"`));
    for (const secret of ['Bern', '1980', deployment.principals.instance.secretAccessKey])
      ok(!parent.output.includes(secret));
  });
  await check('parent: at its end the enclave ends too', async () => {
    equal(await parent.stop(), 0);
    equal(hypervisor.running === null, true);
  });
  await hypervisor.close();
}
