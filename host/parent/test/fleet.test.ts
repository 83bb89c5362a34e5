// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it, test } from 'vitest';
import { codeOf } from '../src/errors.ts';
import { CONFIGURATION, startParent, until } from './harness.ts';
import { answer } from './stand-ins.ts';

let parent: Awaited<ReturnType<typeof startParent>>;
afterEach(() => parent.stop());

const ask = (enclaveId?: string, ms = 3_000) =>
  parent.fleet.dispatch(
    { method: 'POST', path: '/v1/decrypt', body: Buffer.from('x'), maxBytes: 1024 },
    Date.now() + ms,
    enclaveId,
  );

test('boots each enclave once with the very bytes of its configuration', async () => {
  parent = await startParent({ enclaves: 3 });
  parent.fleet.start();
  await until(() => parent.fleet.healthy === 3);
  expect(parent.standIn.launched.map(({ name }) => name).sort()).toEqual(['vault-0', 'vault-1', 'vault-2']);
  for (const { configuration } of parent.standIn.launched) expect(configuration).toEqual(CONFIGURATION);
});

test('does not give up an enclave that boots for a look that it is late to answer', async () => {
  parent = await startParent({ healthMs: 300 });
  parent.standIn.onLaunch = (each) => {
    each.unanswered = 2;
  };
  parent.fleet.start();
  await until(() => parent.fleet.healthy === 1);
  expect(parent.standIn.launched).toHaveLength(1);
});

test('ends what an earlier parent left behind, and nothing of others', async () => {
  parent = await startParent();
  const old = await parent.standIn.launch('vault-0');
  const more = await parent.standIn.launch('vault-7');
  const foreign = await parent.standIn.launch('acm');
  parent.fleet.start();
  await until(() => parent.fleet.healthy === 1 && !parent.standIn.enclaves.has(more.id));
  expect(parent.standIn.enclaves.has(old.id)).toBe(false);
  expect(parent.standIn.enclaves.has(foreign.id)).toBe(true);
});

test('puts another in the place of an enclave that died, without a request having to find out', async () => {
  parent = await startParent();
  parent.fleet.start();
  await until(() => parent.fleet.healthy === 1);
  await parent.standIn.launched[0]?.crash();
  await until(() => parent.standIn.launched.length === 2 && parent.fleet.healthy === 1);
  expect((await ask()).body.toString()).toBe(`answer of ${parent.standIn.launched[1]?.id}`);
});

test('replaces an enclave that says it is not serving', async () => {
  parent = await startParent();
  parent.fleet.start();
  await until(() => parent.fleet.healthy === 1);
  const [first] = parent.standIn.launched;
  if (first !== undefined) first.phase = 'failed';
  await until(() => parent.standIn.launched.length === 2 && parent.fleet.healthy === 1);
  expect(parent.logged).toContainEqual(
    expect.objectContaining({
      event: 'enclave_lost',
      fields: expect.objectContaining({ code: 'not_serving' }),
    }),
  );
});

test('starts again with back-off while the hypervisor or the enclave refuses, and says why', async () => {
  parent = await startParent();
  parent.standIn.refuse = true;
  parent.fleet.start();
  const [enclave] = parent.fleet.enclaves;
  await until(() => (enclave?.starts ?? 0) >= 3);
  expect(enclave?.lastError).toBe('hypervisor_refused');
  parent.standIn.onLaunch = (launched) => {
    launched.refuseConfiguration = parent.standIn.launched.length < 2;
  };
  parent.standIn.refuse = false;
  await until(() => enclave?.lastError === 'configuration_refused');
  await until(() => parent.fleet.healthy === 1);
  expect(enclave?.lastError).toBeNull();
});

test('asks another enclave when one dies before it has answered', async () => {
  parent = await startParent({ enclaves: 2 });
  parent.standIn.onLaunch = (enclave) => {
    // Half of an answer is none.
    if (parent.standIn.launched.length === 0) {
      enclave.onDecrypt = (_request, response) => {
        response.writeHead(200, { 'content-length': 100 }).write('half');
        setTimeout(() => response.destroy(), 5);
      };
    }
  };
  parent.fleet.start();
  await until(() => parent.fleet.healthy === 2);
  const second = parent.standIn.launched[1];
  for (let turn = 0; turn < 3; turn += 1) {
    expect((await ask()).enclaveId).toBe(second?.id);
    await until(() => parent.fleet.healthy === 2);
  }
});

test('never repeats a request that was answered with an error, or not in time', async () => {
  parent = await startParent({ enclaves: 2 });
  let count = 0;
  parent.standIn.onLaunch = (enclave) => {
    enclave.onDecrypt = (_request, response) => {
      count += 1;
      if (count === 1) answer(response, 503, 'busy');
    };
  };
  parent.fleet.start();
  await until(() => parent.fleet.healthy === 2);
  expect((await ask()).status).toBe(503);
  await expect(ask(undefined, 100)).rejects.toMatchObject({ code: 'timeout' });
  expect(count).toBe(2);
});

test('sends to the least busy, and a request for one enclave to no other', async () => {
  parent = await startParent({ enclaves: 2 });
  const waiting: (() => void)[] = [];
  parent.standIn.onLaunch = (enclave) => {
    if (enclave.name === 'vault-0') {
      enclave.onDecrypt = (_request, response) => waiting.push(() => answer(response, 200, 'slow'));
    }
  };
  parent.fleet.start();
  await until(() => parent.fleet.healthy === 2);
  const named = (name: string) => parent.standIn.launched.find((enclave) => enclave.name === name);
  const slow = [ask(named('vault-0')?.id), ask(named('vault-0')?.id)];
  await until(() => waiting.length === 2);
  for (let turn = 0; turn < 4; turn += 1) expect((await ask()).enclaveId).toBe(named('vault-1')?.id);
  for (const release of waiting) release();
  expect((await Promise.all(slow)).map(({ enclaveId }) => enclaveId)).toEqual([
    named('vault-0')?.id,
    named('vault-0')?.id,
  ]);
  await expect(ask('i-0-enc999')).rejects.toMatchObject({ code: 'no_enclave' });
});

test('says that there is no enclave, and when there may be one', async () => {
  parent = await startParent();
  await expect(ask()).rejects.toMatchObject({ code: 'no_enclave' });
  expect(parent.fleet.retryAfter).toBe(1);
});

test('ends its enclaves when it ends', async () => {
  parent = await startParent({ enclaves: 2 });
  parent.fleet.start();
  await until(() => parent.fleet.healthy === 2);
  await parent.fleet.close();
  expect(parent.standIn.enclaves.size).toBe(0);
});

test('replaces its enclaves one after the other, and loses no request over it', async () => {
  parent = await startParent({ enclaves: 2 });
  parent.standIn.onLaunch = (enclave) => {
    enclave.onDecrypt = (_request, response) => void setTimeout(() => answer(response, 200, enclave.id), 15);
  };
  parent.fleet.start();
  await until(() => parent.fleet.healthy === 2);
  const before = parent.standIn.launched.map(({ id }) => id);
  let rolling = true;
  let least = 2;
  const asking = Array.from({ length: 4 }, async () => {
    while (rolling) {
      expect((await ask()).status).toBe(200);
      least = Math.min(least, parent.fleet.healthy);
    }
  });
  await parent.fleet.roll();
  rolling = false;
  await Promise.all(asking);
  expect(least).toBe(1);
  expect(parent.fleet.healthy).toBe(2);
  expect([...parent.standIn.enclaves.keys()].filter((id) => before.includes(id))).toEqual([]);
  expect(parent.logged.filter(({ event }) => event === 'enclave_lost')).toEqual([]);
});

test('an image that does not boot costs one enclave, and the log says so', async () => {
  parent = await startParent({ enclaves: 2 });
  parent.fleet.start();
  await until(() => parent.fleet.healthy === 2);
  parent.standIn.refuse = true;
  await parent.fleet.roll();
  expect(parent.fleet.healthy).toBe(1);
  expect((await ask()).status).toBe(200);
  expect(parent.logged).toContainEqual({
    level: 'error',
    event: 'replacing_stopped',
    fields: { code: 'hypervisor_refused' },
  });
  parent.standIn.refuse = false;
  await until(() => parent.fleet.healthy === 2);
});

test('an enclave that dies before it is replaced is replaced by that, and its successor is left alone', async () => {
  parent = await startParent();
  parent.fleet.start();
  await until(() => parent.fleet.healthy === 1);
  const [enclave] = parent.fleet.enclaves;
  const [first] = parent.standIn.launched;
  if (enclave === undefined || first === undefined) throw new Error('no enclave');
  // A request that does not end before there is another enclave.
  enclave.inFlight = 1;
  const rolled = parent.fleet.roll();
  await first.crash();
  await until(() => parent.fleet.healthy === 1);
  const successor = enclave.description?.EnclaveID;
  enclave.inFlight = 0;
  await rolled;
  expect(parent.logged).toContainEqual({
    level: 'info',
    event: 'enclave_replaced',
    fields: { enclave: 'vault-0', id: successor },
  });
  expect([parent.standIn.launched.length, parent.fleet.healthy]).toEqual([2, 1]);
});

test('ends in the middle of a replacement', async () => {
  parent = await startParent({ enclaves: 2 });
  parent.fleet.start();
  await until(() => parent.fleet.healthy === 2);
  const rolled = parent.fleet.roll();
  await parent.fleet.close();
  await rolled;
  expect(parent.standIn.enclaves.size).toBe(0);
});

test('gives an enclave no more requests than it has room for: a flood waits, and does not make it look dead', async () => {
  parent = await startParent({ room: 500 });
  parent.fleet.start();
  await until(() => parent.fleet.healthy === 1);
  const [enclave] = parent.standIn.launched;
  if (enclave === undefined) throw new Error('no enclave');
  enclave.limitConnections(256);
  const held: (() => void)[] = [];
  enclave.onDecrypt = (_request, response) => held.push(() => answer(response, 200, 'done'));
  const asked = Array.from({ length: 400 }, () =>
    ask(undefined, 20_000).then(({ status }) => status, codeOf),
  );
  await until(() => held.length === 192);
  // Several looks at its health find it there meanwhile.
  const looks = () => enclave.seen.filter(({ path }) => path === '/v1/health').length;
  const before = looks();
  await until(() => looks() >= before + 3);
  expect(held).toHaveLength(192);
  enclave.onDecrypt = (_request, response) => answer(response, 200, 'done');
  for (const release of held) release();
  expect(new Set(await Promise.all(asked))).toEqual(new Set([200]));
  expect([parent.fleet.healthy, parent.standIn.launched.length]).toEqual([1, 1]);
});

describe('a request for which there is no room', () => {
  /** Enclaves with room for two each, and what has them answer. */
  async function full(enclaves = 1) {
    parent = await startParent({ enclaves, room: 2 });
    const held: (() => void)[] = [];
    const responses: ServerResponse[] = [];
    const order: number[] = [];
    parent.standIn.onLaunch = (enclave) => {
      enclave.onDecrypt = (_request, response) => {
        responses.push(response);
        held.push(() => answer(response, 200, 'done'));
      };
    };
    parent.fleet.start();
    await until(() => parent.fleet.healthy === enclaves);
    const first = Array.from({ length: 2 * enclaves }, () => ask(undefined, 20_000));
    await until(() => held.length === 2 * enclaves);
    const behind = (n: number, timeoutMs = 20_000) =>
      ask(undefined, timeoutMs).then(
        () => void order.push(n),
        (error: unknown) => codeOf(error),
      );
    return { held, responses, order, first, behind };
  }

  it('waits, and has its turn in the order of coming', async () => {
    const { held, order, first, behind } = await full();
    const later = [1, 2, 3, 4].map((n) => behind(n));
    for (let done = 0; done < 6; done += 1) {
      await until(() => held.length > done);
      held[done]?.();
    }
    await Promise.all([...first, ...later]);
    expect(order).toEqual([1, 2, 3, 4]);
  });

  it('is busy when half of its time is over, and leaves its turn to those behind it', async () => {
    const { held, order, first, behind } = await full();
    const impatient = behind(1, 200);
    const patient = behind(2);
    expect(await impatient).toBe('busy');
    expect(parent.standIn.launched[0]?.seen.filter(({ path }) => path === '/v1/decrypt')).toHaveLength(2);
    for (const release of held) release();
    await Promise.all(first);
    await until(() => held.length === 3);
    held[2]?.();
    await patient;
    expect(order).toEqual([2]);
  });

  it('hears of it when the enclave dies, all of them at once', async () => {
    const { first, behind } = await full();
    const waiting = [1, 2, 3, 4, 5].map((n) => behind(n));
    const lost = Promise.allSettled(first);
    const [enclave] = parent.standIn.launched;
    parent.standIn.refuse = true;
    await enclave?.crash();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['no_enclave']));
    await lost;
  });

  it('goes on waiting while a look is taken at an enclave that lost a connection, and so does a newcomer', async () => {
    const { held, responses, order, first, behind } = await full();
    const waiting = [1, 2, 3].map((n) => behind(n));
    const [broken] = responses;
    // Half of an answer, for without any the client asks anew.
    broken?.writeHead(200, { 'content-length': 100 }).write('half', () => broken.destroy());
    await expect(Promise.race(first)).rejects.toMatchObject({ code: 'connection_lost' });
    // The look has yet to go there and back.
    expect(parent.fleet.enclaves[0]?.state).toBe('suspect');
    const newcomer = behind(4);
    for (let done = 1; done < 6; done += 1) {
      await until(() => held.length > done);
      held[done]?.();
    }
    expect(await Promise.all([...waiting, newcomer])).toEqual(Array(4).fill(undefined));
    expect(order).toEqual([1, 2, 3, 4]);
    expect((await Promise.any(first)).status).toBe(200);
    expect(parent.standIn.launched).toHaveLength(1);
  });

  it('goes to an enclave that comes back, though nobody else is done, and a newcomer behind it', async () => {
    const { held, first, behind } = await full(2);
    const [lost, stays] = parent.standIn.launched;
    const waiting = [1, 2].map((n) => behind(n));
    await lost?.crash();
    await until(() => parent.standIn.launched.length === 3);
    const back = parent.standIn.launched[2];
    const given = () => back?.seen.filter(({ path }) => path === '/v1/decrypt').length;
    await until(() => given() === 2);
    const newcomer = behind(3);
    // What the lost one had asks the other, and not the one in its place.
    for (const release of held.slice(0, 6)) release();
    for (let done = 6; done < 9; done += 1) {
      await until(() => held.length > done);
      held[done]?.();
    }
    expect((await Promise.all(first)).map(({ enclaveId }) => enclaveId)).toEqual(Array(4).fill(stays?.id));
    expect(await Promise.all([...waiting, newcomer])).toEqual(Array(3).fill(undefined));
  });

  it('to one enclave alone waits for none', async () => {
    const { held, first } = await full();
    const id = parent.standIn.launched[0]?.id;
    await expect(ask(id)).rejects.toMatchObject({ code: 'busy' });
    for (const release of held) release();
    await Promise.all(first);
  });
});
