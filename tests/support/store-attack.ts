// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Answer, LocalVault, run } from './local-vault.ts';
import { StoreAttacker } from './store-attacker.ts';

export const SECRETS = {
  first_name: 'Zebulon',
  last_name: 'Quackenbush',
  ssn9: '219099999',
  dob: '1971-03-05',
};
const VALUES = Object.values(SECRETS);

/** A running vault, someone who writes its store, and what `audit verify` must say at the end of all he did. */
export class StoreAttack {
  vault: LocalVault;
  readonly attacker: StoreAttacker;
  /** For each chain its findings, as `code n to`. */
  readonly expected = new Map<string, string[]>();
  /** The same, where the heads in the sink tell more. */
  readonly expectedOfSink = new Map<string, string[]>();

  constructor(vault: LocalVault) {
    this.vault = vault;
    this.attacker = new StoreAttacker(vault.data);
  }

  static async start(): Promise<StoreAttack> {
    return new StoreAttack(await LocalVault.start());
  }

  async create(fields: object = SECRETS): Promise<string> {
    const made = await this.vault.call('POST', '/v1/vaults', fields);
    expect(made.status).toBe(201);
    return String(made.json.id);
  }

  decrypt(id: string, body: object = {}, key?: string): Promise<Answer> {
    const ask = { fields: ['first_name', 'ssn9'], reason: 'store attack', ...body };
    return this.vault.call('POST', `/v1/vaults/${id}/decrypt`, ask, key === undefined ? {} : { key });
  }

  patch(id: string, fields: object = { city: 'Graz' }): Promise<Answer> {
    return this.vault.call('PATCH', `/v1/vaults/${id}`, fields);
  }

  /** A closed failure: the status and code, and nothing of any value. */
  expectFailed(answer: Answer, status: number, code: string): void {
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    for (const value of VALUES) expect(answer.text).not.toContain(value);
  }

  /** Nothing that opens or writes a record works, and nothing is written. */
  async expectDead(id: string): Promise<void> {
    const before = await this.attacker.record(id);
    const derive = { fields: [], expressions: { age: 'date(dob).age()', whole: 'string(size(record))' } };
    for (const answer of [
      await this.decrypt(id),
      await this.decrypt(id, derive),
      await this.patch(id),
      await this.vault.call('DELETE', `/v1/vaults/${id}?fields=ssn9`),
      await this.vault.call('DELETE', `/v1/vaults/${id}?delete_all=true`),
    ])
      this.expectFailed(answer, 500, 'integrity_failed');
    expect(await this.attacker.record(id)).toEqual(before);
  }

  /** `audit verify` names all that was done, and nothing else. */
  async expectNamed(): Promise<void> {
    expect(this.expected.size).toBeGreaterThan(0);
    expect(await this.#verify()).toEqual(Object.fromEntries(this.expected));
    const heads = join(this.vault.data, 'audit-heads.log');
    const all = Object.fromEntries([...this.expected, ...this.expectedOfSink]);
    expect(await this.#verify('--against', heads)).toEqual(all);
  }

  async end(): Promise<void> {
    await this.attacker.close();
    await this.vault.stop({ keep: true });
    rmSync(this.vault.data, { recursive: true, force: true });
  }

  async #verify(...args: string[]): Promise<Record<string, string[]>> {
    const { code, out, err } = await run(['audit', 'verify', '--data', this.vault.data, '--json', ...args]);
    expect([code, err]).toEqual([1, '']);
    for (const value of VALUES) expect(out).not.toContain(value);
    const { findings } = JSON.parse(out) as {
      findings: { log: string; code: string; n?: number; to?: number }[];
    };
    const byLog: Record<string, string[]> = {};
    for (const { log, code: what, n, to } of findings) {
      const words = [what, n, to].filter((part) => part !== undefined).join(' ');
      byLog[log] = [...(byLog[log] ?? []), words];
    }
    return byLog;
  }
}
