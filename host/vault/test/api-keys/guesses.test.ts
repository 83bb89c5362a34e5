// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { expect, it, onTestFinished, vi } from 'vitest';
import { call, codeOf, type Fixture, vaults } from '../support/fixture.ts';

const open = vaults();
const secret = (): string => randomBytes(32).toString('base64url');
const UNKNOWN = '01HV1XW70Q03PHK892JFQAY0Z5';

/** What the store is asked, from now on. */
function counted({ store }: Fixture): string[] {
  const calls: string[] = [];
  for (const name of ['get', 'query', 'transact'] as const) {
    const original = store[name].bind(store) as (...args: unknown[]) => Promise<unknown>;
    Object.assign(store, {
      [name]: (...args: unknown[]) => {
        calls.push(name);
        return original(...args);
      },
    });
  }
  return calls;
}

it('does the same for an id that is no key’s as for a wrong secret: now, within the second, and after it', async () => {
  const all = await open();
  const { vault, clock } = all;
  const { id } = await vault.keys.create(call(), { scopes: ['vaults:read'] });
  const calls = counted(all);
  // No time passes but what is said here, by either clock.
  const began = clock.now();
  vi.spyOn(clock, 'now').mockImplementation(() => began + clock.offset);
  const monotonic = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
  onTestFinished(() => monotonic.mockRestore());
  const ask = async (key: string): Promise<string[]> => {
    calls.length = 0;
    expect(await codeOf(vault.authenticate(`evk_${key}_${secret()}`))).toBe('unauthenticated');
    return [...calls];
  };
  for (const [microseconds, reads] of [
    [0, ['get', 'query']],
    [900_000, []],
    [1_100_000, ['get', 'query']],
  ] as const) {
    clock.offset = microseconds;
    expect(await ask(id)).toEqual(reads);
    expect(await ask(UNKNOWN)).toEqual(reads);
  }
});

it('guesses drive no key out of memory, and a thousand of them leave no more behind than it has room for', async () => {
  const all = await open();
  const { vault } = all;
  const { token } = await vault.keys.create(call(), { scopes: ['vaults:read'] });
  // However long it takes: no second passes, by either clock.
  const monotonic = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
  onTestFinished(() => monotonic.mockRestore());
  await vault.authenticate(token);
  const calls = counted(all);
  for (let n = 0; n < 1_100; n += 1) {
    const id = `0${randomBytes(13).toString('hex').toUpperCase().slice(0, 25)}`;
    await vault.authenticate(`evk_${id}_${secret()}`).catch(() => undefined);
  }
  expect(calls.length).toBe(2_200);
  calls.length = 0;
  all.clock.offset = -3_600_000_000;
  await vault.authenticate(token);
  expect(calls).toEqual([]);
});

it('the operator is told of a live key that somebody tries, once a minute, by its id', async () => {
  const { vault, clock, reports } = await open();
  const { id, token } = await vault.keys.create(call(), { scopes: ['vaults:read'] });
  const attack = async (key = id) =>
    expect(await codeOf(vault.authenticate(`evk_${key}_${secret()}`))).toBe('unauthenticated');
  const told = () => reports.filter(({ event }) => event === 'key_attacked');
  await vault.authenticate(token);
  await attack(UNKNOWN);
  expect(told()).toEqual([]);
  for (let n = 0; n < 5; n += 1) await attack();
  expect(told()).toEqual([{ event: 'key_attacked', code: 'wrong_secret', log: `key_${id}` }]);
  clock.offset = 61_000_000;
  await attack();
  expect(told()).toHaveLength(2);
  await vault.keys.revoke(call({}, 600_000), id);
  clock.offset = 200_000_000;
  await attack();
  expect(told()).toHaveLength(2);
});
