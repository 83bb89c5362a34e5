// SPDX-License-Identifier: Apache-2.0
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { StreamClient } from '../../host/api/test/batch/client.ts';
import { LocalVault } from '../support/local-vault.ts';
import { RawConnection } from '../support/raw-http.ts';

/**
 * Actor: malicious client. He has a good key, and makes the vault look busy: requests that wait for him for as long as he likes, and
 * connections that he ends in the middle. What the vault waits for is not its work, and no reason to refuse others.
 */
let vault: LocalVault;
let port: number;
let id: string;
let key: string;
beforeAll(async () => {
  vault = await LocalVault.start({ verbose: false });
  port = Number(new URL(vault.url).port);
  id = String((await vault.call('POST', '/v1/vaults', { first_name: 'Ada' })).json.id);
  key = String((await vault.call('POST', '/v1/keys', { scopes: ['vaults:create'] })).json.token);
});
afterAll(() => vault?.stop());

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
/** What somebody else's requests are answered with, for longer than the vault looks at how busy it is. */
async function others(seconds = 3): Promise<Set<number | string>> {
  const seen = new Set<number | string>();
  for (let n = 0; n < seconds * 4; n += 1) {
    const { status, json } = await vault.call('GET', `/v1/vaults/${id}`);
    seen.add(json.code === undefined ? status : String(json.code));
    await pause(250);
  }
  return seen;
}

/** A create whose body does not end. */
function halfBody(): RawConnection {
  const connection = new RawConnection(port);
  connection.write(
    `POST /v1/vaults HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
  );
  return connection;
}

let open: { destroy(): unknown }[] = [];
afterEach(() => {
  for (const connection of open) connection.destroy();
  open = [];
});

describe('the places of requests', () => {
  it('200 bodies that do not end keep nobody from his', async () => {
    open = Array.from({ length: 200 }, () => halfBody().socket);
    expect(await others()).toEqual(new Set([200]));
  });

  it('300 connections that end in the middle of a body leave none taken', async () => {
    for (let round = 0; round < 3; round += 1) {
      const all = Array.from({ length: 100 }, halfBody);
      await Promise.all(all.map(({ opened }) => opened));
      await pause(100);
      for (const { socket } of all) socket.destroy();
    }
    expect(await others()).toEqual(new Set([200]));
  });

  it('calls whose callers do not wait for the answer leave none taken', async () => {
    for (let n = 0; n < 100; n += 1) {
      const connection = new RawConnection(port);
      connection.write(
        `GET /v1/vaults/${id} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${vault.adminKey}\r\n\r\n`,
      );
      await connection.opened;
      connection.socket.resetAndDestroy();
    }
    expect(await others()).toEqual(new Set([200]));
  });

  it.each([
    ['without a key', () => ''],
    ['with a key, more of them than it may have', () => `Authorization: Bearer ${key}\r\n`],
  ])('calls %s behind answers that nobody takes keep nobody from his place', async (_how, header) => {
    const large = 'GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(90);
    const behind = `GET /v1/vaults/${id} HTTP/1.1\r\nHost: localhost\r\n${header()}\r\n`.repeat(350);
    open = Array.from({ length: 4 }, () => {
      const connection = new RawConnection(port);
      connection.socket.pause();
      connection.write(large + behind);
      return connection.socket;
    });
    await pause(500);
    expect(await others()).toEqual(new Set([200]));
  });

  it('as many streams as there may be, of several keys, keep nobody from a call for one record', async () => {
    const made = Array.from({ length: 6 }, () =>
      vault.call('POST', '/v1/keys', { scopes: ['vaults:create'] }),
    );
    const keys = (await Promise.all(made)).map(({ json }) => String(json.token));
    const streams = keys.flatMap((each) =>
      Array.from({ length: 16 }, () => new StreamClient(port, '/v1/vaults:batch', each).send({ fields: {} })),
    );
    open = streams.map(({ out }) => out);
    const answers = await Promise.all(streams.map(({ answered }) => answered));
    // The more are taken, the fewer of the rest one caller has: the last few go to keys that have hardly any.
    const taken = answers.filter(({ statusCode }) => statusCode === 200).length;
    expect(taken).toBeGreaterThanOrEqual(60);
    expect(taken).toBeLessThanOrEqual(64);
    expect(await others()).toEqual(new Set([200]));
  });

  it('what nobody waited for is in the log, and counted as under way no longer', async () => {
    await pause(500);
    const { text } = await vault.call('GET', '/metrics', undefined, { key: null });
    expect(/^enclave_vault_http_requests_in_flight (\d+)$/m.exec(text)?.[1]).toBe('1');
    expect(text).toMatch(
      /http_requests_total\{method="POST",route="\/v1\/vaults",status="lost"\} [45]\d\d\n/,
    );
  });
});
