// SPDX-License-Identifier: Apache-2.0
import { afterEach, expect, test, vi } from 'vitest';
import { startParent, until } from '../../parent/test/harness.ts';
import { answer } from '../../parent/test/stand-ins.ts';
import type { ApiConfig } from '../src/process/config.ts';
import { parentLink } from '../src/process/parent-place.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

test('processes share the parent: one that has hundreds of decryptions under way leaves another its turn', async () => {
  const parent = await startParent();
  closing.push(parent.stop);
  parent.fleet.start();
  await until(() => parent.fleet.healthy === 1);
  const enclave = parent.standIn.launched.at(-1);
  if (enclave === undefined) throw new Error('no enclave');
  const held: (() => void)[] = [];
  enclave.onDecrypt = (_request, response) => held.push(() => answer(response, 200, 'done'));
  const [many, one] = [1, 2].map(() => {
    const config = { parent: { unix: parent.socketPath }, cluster: { size: 2 } } as ApiConfig;
    const client = parentLink(config, () => undefined);
    closing.push(() => client.close());
    return (envelope: string): Promise<string> =>
      client.decrypt(Buffer.from(envelope), Date.now() + 20_000).then(
        (message) => Buffer.from(message).toString(),
        (error: { code: string }) => error.code,
      );
  });
  if (many === undefined || one === undefined) throw new Error('no clients');
  const dispatched = vi.spyOn(parent.fleet, 'dispatch');
  const waits = (envelope: string): boolean =>
    dispatched.mock.calls.some(([{ body = Buffer.alloc(0) }]) => Buffer.from(body).includes(envelope));
  // More than the 256 that the parent takes at once, were they not kept to 128 connections; those that wait at the parent do so for
  // three and a half seconds.
  const asked = Array.from({ length: 300 }, () => many('one of many'));
  // As many as the enclave has places for; others wait for their turn, or for a connection.
  await until(() => held.length === 96);
  const other = one('the only one');
  await Promise.race([other, until(() => waits('the only one'))]);
  enclave.onDecrypt = (_request, response) => answer(response, 200, 'done');
  for (const release of held) release();
  expect(await other).toBe('done');
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['done']));
});
