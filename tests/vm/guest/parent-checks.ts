// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import type { Question } from '../../../trusted/enclave/test/support/caller.ts';
import type { TestDeployment } from '../../../trusted/enclave/test/support/deployment.ts';
import { apiChecks } from './api-checks.ts';
import { check, EMULATED } from './checks.ts';
import { type Asked, makeRecord, opened, question } from './enclave-checks.ts';
import { Hypervisor } from './hypervisor.ts';
import { VaultProcess } from './vault-process.ts';
import { type Caller, unixCaller } from './vsock-client.ts';

const LISTEN = '/tmp/parent.sock';
const READY_MS = 180_000;

/** The parent's process, as on an instance: nitro-cli, vsock and its relay to KMS. */
function startParent(deployment: TestDeployment): VaultProcess {
  const { accessKeyId, secretAccessKey } = deployment.principals.instance;
  return new VaultProcess('/guest/parent.mjs', {
    listen: `unix:${LISTEN}`,
    hypervisor: { kind: 'nitro', command: '/guest/nitro-cli' },
    image: '/guest/enclave.eif',
    enclaves: { count: 1, cpuCount: 2, memoryMib: 512 },
    enclave: { configuration: deployment.configuration.toString('base64') },
    kms: { host: '127.0.0.1', port: deployment.port },
    credentials: { kind: 'static', accessKeyId, secretAccessKey },
  });
}

/** Sends a sealed request through the parent. @returns the opened answer, or a refusal as text */
async function decrypt(call: Caller, asked: Asked, one = question(asked)): Promise<unknown> {
  const { status, body } = await call('POST', '/decrypt', one.envelope);
  return status === 200 ? opened(one, body) : String(status);
}

/** As a caller that retries: until there is an answer, or it has waited too long. The waits are at random, up to `spreadMs`. */
async function persistently(
  call: Caller,
  asked: Asked,
  spreadMs: number,
  first?: Question,
): Promise<{ answer: unknown; tries: number }> {
  const until = Date.now() + 240_000;
  for (let tries = 1; ; tries++) {
    const answer = await decrypt(call, asked, tries === 1 ? first : undefined).catch(() => 'no connection');
    if (typeof answer !== 'string' || Date.now() > until) return { answer, tries };
    await new Promise((tick) => setTimeout(tick, Math.random() * spreadMs));
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
  const parent = startParent(deployment);
  const call = unixCaller(LISTEN);
  const whole = { data: 2, errors: [] };
  const shape = (answer: unknown): unknown => {
    const { data, errors } = answer as { data?: unknown[]; errors?: unknown[] };
    return data === undefined ? answer : { data: data.length, errors };
  };

  await check('parent: launches an enclave by nitro-cli, configures it over vsock, and serves', async () => {
    await parent.ready();
    await healthy(call);
    if (EMULATED) ok(hypervisor.launches >= 1);
    else equal(hypervisor.launches, 1);
    deepEqual(shape((await persistently(call, asked, 200)).answer), whole);
  });
  // The parent gives up after seven seconds, whatever machine it is on: an emulated one does not get through 200 in that.
  const crowd = EMULATED ? 24 : 200;
  await check(`parent: ${crowd} requests at once`, async () => {
    const questions = Array.from({ length: crowd }, () => question(asked));
    const answers = await Promise.all(questions.map((one) => persistently(call, asked, 8_000, one)));
    for (const { answer } of answers) deepEqual(shape(answer), whole);
    const late = answers.filter(({ tries }) => tries > 1).length;
    if (late > 0)
      console.log(`figures: ${late} of ${crowd} requests at once through the parent were made again`);
    if (!EMULATED) equal(hypervisor.launches, 1);
  });
  await check(
    'parent: an enclave that is killed under way is replaced, and every request is answered',
    async () => {
      const first = hypervisor.running;
      const requests = Array.from({ length: EMULATED ? 16 : 40 }, () => persistently(call, asked, 400));
      await new Promise((tick) => setTimeout(tick, 50));
      first?.enclave.process.kill('SIGKILL');
      const answers = await Promise.all(requests);
      for (const { answer } of answers) deepEqual(shape(answer), whole);
      // More than one on a machine so slow that the parent takes a late answer for a dead enclave.
      if (EMULATED) ok(hypervisor.launches >= 2);
      else equal(hypervisor.launches, 2);
      notEqual(hypervisor.running?.id, first?.id);
      ok(answers.some(({ tries }) => tries > 1));
    },
  );
  await apiChecks(deployment, LISTEN);
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
