// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { HEAD, logPartition, systemLog } from '../../src/audit/log-id.ts';
import { type DecryptInput, type Store, VaultError } from '../../src/index.ts';
import { patiently } from '../../src/util/patiently.ts';
import { BOB, call, codeOf, vaults } from '../support/fixture.ts';

const open = vaults();
/** Entries of the tenant's own chain. */
async function denials(store: Store): Promise<number> {
  const items = await store.query(logPartition(systemLog('default')), { limit: 10 });
  return items.filter(({ sk }) => sk !== HEAD).length;
}

const input: DecryptInput = { fields: ['email'], reason: 'a test', expressions: [] };

describe('one ask for many records', () => {
  it('reads each as a call of its own would, and each has its entry, failures too', async () => {
    const { vault } = await open();
    const [one, other] = [await vault.create(call(), BOB), await vault.create(call(), BOB)];
    const ask = await vault.prepareDecrypt(call(), input);
    for (const { id } of [one, other]) {
      expect({ ...(await vault.decryptPrepared(call(), id, ask)).data }).toEqual({
        email: 'Bob@example.org',
      });
      const [entry] = (await vault.audit(call(), id)).entries;
      expect(entry).toMatchObject({
        event: 'DecryptVault',
        result: 'ok',
        fields: ['email'],
        reason: 'a test',
      });
    }
    const absent = 'v_01HV1XW70Q03PHK892JFQAY0Z5';
    expect(await codeOf(vault.decryptPrepared(call(), absent, ask))).toBe('not_found');
    const { findings, entries } = await vault.verifyAudit();
    // Two made, two decrypted, and the absent one on the tenant's chain.
    expect([findings, entries]).toEqual([[], 5]);
  });

  it.each([
    ['scope_missing', { scopes: new Set(['vaults:create'] as const) }],
    ['field_not_allowed', { fields: new Set(['dob']) }],
    ['purpose_not_allowed', { purposes: new Set(['billing']) }],
    ['derive_only', { deriveOnly: true }],
  ])('is refused as %s once, on the chain of the tenant', async (code, rights) => {
    const { vault, store } = await open();
    expect(await codeOf(vault.prepareDecrypt(call(rights), input))).toBe(code);
    expect(await denials(store)).toBe(1);
  });

  it('is good for the caller whose ask it is, and for nobody else', async () => {
    const { vault, reports } = await open();
    const { id } = await vault.create(call(), BOB);
    const ask = await vault.prepareDecrypt(call(), input);
    for (const other of [{ actor: 'key:other' }, { tenant: 'other' }]) {
      expect(await codeOf(vault.decryptPrepared(call(other), id, ask))).toBe('internal');
    }
    expect(reports.map(({ event }) => event)).toEqual(['program_error', 'program_error']);
  });
});

describe('when all enclaves are busy', () => {
  it('an item of many waits for its turn, and leaves one entry', async () => {
    const { vault, enclave } = await open();
    const { id } = await vault.create(call(), BOB);
    const ask = await vault.prepareDecrypt(call(), input);
    let refusals = 3;
    enclave.before = async () => {
      enclave.refusal = refusals-- > 0 ? 'busy' : undefined;
    };
    expect(await codeOf(vault.decrypt(call(), id, input))).toBe('busy');
    refusals = 3;
    const done = await vault.decryptPrepared(call(), id, ask, { whenBusy: 'wait' });
    expect(done.data.email).toBe('Bob@example.org');
    const { entries } = await vault.audit(call(), id);
    expect(entries.map(({ result, code }) => [result, code])).toEqual([
      ['ok', null],
      ['failed', 'busy'],
      ['ok', null],
    ]);
  });

  it('nobody waits beyond the deadline, and other failures are not tried again', async () => {
    const clock = { now: () => Date.now() * 1000 };
    const tries = { busy: 0, timed_out: 0 };
    const failing = (code: 'busy' | 'timed_out') => async () => {
      tries[code] += 1;
      throw new VaultError(code);
    };
    expect(await codeOf(patiently(clock, Date.now() + 200, failing('busy')))).toBe('busy');
    expect(tries.busy).toBeGreaterThan(1);
    expect(await codeOf(patiently(clock, Date.now() + 200, failing('timed_out')))).toBe('timed_out');
    expect(tries.timed_out).toBe(1);
    expect(await codeOf(patiently(clock, Date.now() - 1, failing('busy')))).toBe('busy');
  });
});

it('a caller without the scope of a call about many is refused once', async () => {
  const { vault, store } = await open();
  await vault.demandScope(call(), 'vaults:create');
  const context = call({ scopes: new Set(['vaults:read'] as const) });
  expect(await codeOf(vault.demandScope(context, 'vaults:create'))).toBe('scope_missing');
  expect(await denials(store)).toBe(1);
});
