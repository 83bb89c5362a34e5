// SPDX-License-Identifier: Apache-2.0

import { rootCertificates } from 'node:tls';
import { createNitroRoot } from '@enclave-vault/emulator-pki';
import { encodeAttestationRequest, encodeConfiguration, parseConfiguration } from '@enclave-vault/protocol';
import { expect, test, vi } from 'vitest';
import { NsmClient } from '../../src/adapters/nsm-client.ts';
import { Service } from '../../src/core/service.ts';
import { KmsError } from '../../src/errors.ts';
import type { Clock } from '../../src/ports.ts';
import { PCRS } from '../support/deployment.ts';
import { call } from '../support/enclave.ts';
import { testModule } from '../support/nsm.ts';

const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/';

/** A clock that stands still until it is told. */
function handClock() {
  let time = Date.now();
  const timers = new Map<() => void, number>();
  const clock: Clock = {
    now: () => time,
    elapsed: () => time,
    after(ms, action) {
      timers.set(action, time + ms);
      return () => timers.delete(action);
    },
  };
  return {
    clock,
    advance(ms: number): void {
      time += ms;
      for (const [action, at] of timers) {
        if (at > time) continue;
        timers.delete(action);
        action();
      }
    },
    timers,
  };
}

/** An RSA key takes its time on a busy machine. */
const soon = (holds: () => void): Promise<void> => vi.waitFor(holds, { timeout: 60_000 });

function service() {
  const module = testModule(createNitroRoot(Date.now()), PCRS);
  const hand = handClock();
  const events: string[] = [];
  const made = new Service({
    configuration: parseConfiguration(
      encodeConfiguration({
        region: 'eu-central-1',
        kmsHost: 'kms',
        tlsRoots: [rootCertificates[0] ?? ''],
        vaultKeyArns: [`${ARN}1`],
        requestKeyArns: [`${ARN}2`],
        legacyKeyArns: [],
        limits: { running: 1, waiting: 1 },
      }),
    ),
    nsm: new NsmClient(module.handle),
    kms: { decrypt: () => Promise.reject(new KmsError('unavailable', 'none')) },
    expressions: { evaluate: async () => [] },
    clock: hand.clock,
    log: (event) => events.push(event),
    sweep: () => events.push('sweep'),
  });
  return { service: made, module, events, ...hand };
}

test('key and document for KMS are renewed every minute, and for ever', async () => {
  const { service: one, module, advance, timers } = service();
  await one.start();
  for (let minute = 1; minute <= 3; minute++) {
    await soon(() => expect(timers.size).toBe(1));
    expect(module.state.attested).toBe(minute);
    advance(59_999);
    expect(timers.size).toBe(1);
    advance(1);
  }
  await soon(() => expect(module.state.attested).toBe(4));
});

test('what nothing refers to any more is freed each minute, the key that was just replaced with it', async () => {
  const { service: one, module, advance, timers, events } = service();
  await one.start();
  expect(events).toEqual([]);
  advance(60_000);
  await soon(() => expect(events).toEqual(['sweep']));
  expect(module.state.attested).toBe(2);
  // When there is no new one, too.
  module.state.broken = true;
  await soon(() => expect(timers.size).toBe(1));
  advance(60_000);
  await soon(() => expect(events).toEqual(['sweep', 'recipient_not_renewed', 'sweep']));
});

test('a renewal that fails is told, and tried again', async () => {
  const { service: one, module, advance, timers, events } = service();
  await one.start();
  module.state.broken = true;
  advance(60_000);
  await soon(() => expect(events).toEqual(['recipient_not_renewed', 'sweep']));
  await soon(() => expect(timers.size).toBe(1));
  module.state.broken = false;
  advance(60_000);
  await soon(() => expect(module.state.attested).toBe(2));
});

test('a body is not read before there is a place for it', async () => {
  const { service: one, advance } = service();
  await one.start();
  const gate = Promise.withResolvers<Buffer>();
  const holds = one.attest({ ...call('POST', '/'), body: () => gate.promise });
  const body = vi.fn(async () => encodeAttestationRequest(Buffer.alloc(16)));
  const waits = one.attest({ ...call('POST', '/'), body });
  await expect(one.attest({ ...call('POST', '/'), body })).rejects.toMatchObject({ code: 'busy' });
  expect(body).not.toHaveBeenCalled();
  expect(one.health()).toMatchObject({ running: 1, waiting: 1 });
  gate.resolve(encodeAttestationRequest(Buffer.alloc(16)));
  await Promise.all([holds, waits]);
  expect(body).toHaveBeenCalledTimes(1);
  // And whoever waits, waits no longer than a request may take.
  const gate2 = Promise.withResolvers<Buffer>();
  const holds2 = one.attest({ ...call('POST', '/'), body: () => gate2.promise });
  const late = one.attest({ ...call('POST', '/'), body });
  advance(5_000);
  await expect(late).rejects.toMatchObject({ code: 'busy' });
  gate2.resolve(encodeAttestationRequest(Buffer.alloc(16)));
  await holds2;
});

test('a call whose connection is gone waits no longer', async () => {
  const { service: one } = service();
  await one.start();
  const gate = Promise.withResolvers<Buffer>();
  const holds = one.attest({ ...call('POST', '/'), body: () => gate.promise });
  const gone = Promise.withResolvers<void>();
  const whenGone = (action: () => void) => void gone.promise.then(action);
  const body = vi.fn(async () => encodeAttestationRequest(Buffer.alloc(16)));
  const waits = one.attest({ ...call('POST', '/'), whenGone, body });
  expect(one.health()).toMatchObject({ running: 1, waiting: 1 });
  gone.resolve();
  await expect(waits).rejects.toMatchObject({ code: 'busy' });
  expect(one.health()).toMatchObject({ running: 1, waiting: 0 });
  gate.resolve(encodeAttestationRequest(Buffer.alloc(16)));
  await holds;
  expect(body).not.toHaveBeenCalled();
});
