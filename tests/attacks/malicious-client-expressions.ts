// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Answer, LocalVault } from '../support/local-vault.ts';

const median = (times: readonly number[]) =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

/**
 * Actor: malicious client
 *
 * His texts and expressions are made to take long, on a running vault that others use meanwhile. A part of
 * malicious-client-http.test.ts, on its vault: its slow connections pass their time.
 * @param scene the vault and a record in it, once they are there
 */
export function describeSlowTexts(scene: () => { readonly vault: LocalVault; readonly id: string }): void {
  const decrypt = (body: object, key = scene().vault.adminKey): Promise<Answer> =>
    scene().vault.call('POST', `/v1/vaults/${scene().id}/decrypt`, { reason: 'hostile', ...body }, { key });
  const call: LocalVault['call'] = (...of) => scene().vault.call(...of);
  const own = () => `/v1/vaults/${scene().id}`;

  describe('texts made for slow patterns', () => {
    it.each<[string, () => Promise<Answer>]>([
      ['an email', () => call('POST', '/v1/vaults', { email: `${'a.'.repeat(500)}@${'a-'.repeat(10)}` })],
      ['an email of @', () => call('POST', '/v1/vaults', { email: '@'.repeat(1024) })],
      ['a phone number', () => call('POST', '/v1/vaults', { phone_number: `+${'1'.repeat(1000)}x` })],
      [
        'white space',
        () => call('POST', '/v1/vaults', { city: `${' '.repeat(200_000)}x${' '.repeat(200_000)}` }),
      ],
      ['a reason', () => decrypt({ fields: ['dob'], reason: ' '.repeat(256) })],
      [
        'an If-Match',
        () => call('PATCH', own(), { city: 'x' }, { headers: { 'if-match': `${'"1", '.repeat(200)}x` } }),
      ],
      ['a list of fields', () => call('GET', `${own()}?fields=${'a,'.repeat(4_000)}`)],
      ['a time', () => call('POST', '/v1/keys', { scopes: ['vaults:read'], expires: '2'.repeat(100_000) })],
      ['a token', () => call('GET', '/v1/keys', undefined, { key: `evk_${'_'.repeat(8_000)}` })],
      ['a token of spaces', () => call('GET', '/v1/keys', undefined, { key: `${' '.repeat(8_000)}x y` })],
    ])('take no time: %s', async (_, send) => {
      const started = performance.now();
      const { status } = await send();
      expect([400, 401, 422]).toContain(status);
      expect(performance.now() - started).toBeLessThan(5_000);
    });
  });

  describe('expressions made to be slow', () => {
    const nest = (body: string, levels: number) =>
      `${'[1,2,3,4,5,6,7,8,9,10].map(a, '.repeat(levels)}${body}${')'.repeat(levels)}`;
    const bombs = [
      nest('1', 9),
      nest('a + a', 8),
      '[1].map(a, "x").map(a, a + a)'.replace('a + a', Array(1000).fill('a').join(' + ')),
      `${nest('"xxxxxxxxxxxxxxxx"', 7)}.size()`,
      `"${'a'.repeat(40)}!".matches("^(a+)+$")`,
      `"${'a'.repeat(5000)}".contains("${'a'.repeat(2500)}b")`,
    ];

    /** Answers to another caller, and how long each took, while `attack` goes on. */
    async function meanwhile(attack: (over: () => boolean) => Promise<void>, ms: number) {
      const other = String(
        (await call('POST', '/v1/keys', { scopes: ['vaults:read', 'vaults:decrypt'] })).json.token,
      );
      const until = performance.now() + ms;
      const over = () => performance.now() > until;
      const times: Record<'presence' | 'reveal' | 'derive', number[]> = {
        presence: [],
        reveal: [],
        derive: [],
      };
      const keepAsking = async (what: keyof typeof times, send: () => Promise<Answer>) => {
        while (!over()) {
          const started = performance.now();
          const { status, json } = await send();
          expect([status, json.code]).toEqual([200, undefined]);
          times[what].push(performance.now() - started);
        }
      };
      await Promise.all([
        attack(over),
        keepAsking('presence', () => call('GET', own(), undefined, { key: other })),
        keepAsking('reveal', () => decrypt({ fields: ['first_name'] }, other)),
        keepAsking('derive', () => decrypt({ expressions: { age: 'date(dob).age()' } }, other)),
      ]);
      return times;
    }

    it('end by their budget or are harmless', async () => {
      const { status, json } = await decrypt({
        expressions: Object.fromEntries(bombs.map((bomb, n) => [`b${n}`, bomb])),
      });
      expect(status).toBe(200);
      expect((json.errors as unknown as { code: string }[]).map(({ code }) => code)).toContain(
        'expression_budget_exceeded',
      );
      for (const bomb of bombs) {
        const started = performance.now();
        expect((await decrypt({ expressions: { bomb } })).status).toBe(200);
        expect(performance.now() - started).toBeLessThan(8_000);
      }
    });

    it('hold up nobody else, however many come at once', async () => {
      const codes = new Set<unknown>();
      const quiet = await meanwhile(async () => undefined, 1_000);
      const times = await meanwhile(async (over) => {
        const attacker = async (n: number) => {
          while (!over()) {
            const { status, json } = await decrypt({ expressions: { bomb: `${n} + size(${nest('1', 9)})` } });
            codes.add(status === 200 ? 200 : json.code);
          }
        };
        await Promise.all(Array.from({ length: 12 }, (_, n) => attacker(n)));
      }, 3_000);
      const given = [200, 'busy', 'timed_out', 'overloaded', 'audit_busy', 'enclave_unavailable'];
      for (const code of codes) expect(given).toContain(code);
      expect(median(times.presence)).toBeLessThan(Math.max(250, 10 * median(quiet.presence)));
      expect(median(times.reveal)).toBeLessThan(Math.max(1_000, 10 * median(quiet.reveal)));
      expect(times.derive.length).toBeGreaterThan(0);
      expect(Math.max(...times.presence, ...times.reveal)).toBeLessThan(9_000);
    });

    it('and long, 100 of 2,000 tokens at once, hold up nobody else while they are parsed', async () => {
      let made = 0;
      const long = () => `${made++}${'<a'.repeat(1_000)}`;
      const body = () => ({
        expressions: Object.fromEntries(Array.from({ length: 98 }, (_, n) => [`e${n}`, long()])),
      });
      const quiet = await meanwhile(async () => undefined, 1_000);
      const times = await meanwhile(async (over) => {
        const attacker = async () => {
          while (!over()) expect([200, 503]).toContain((await decrypt(body())).status);
        };
        await Promise.all([attacker(), attacker(), attacker()]);
      }, 3_000);
      expect(median(times.presence)).toBeLessThan(Math.max(300, 10 * median(quiet.presence)));
      expect(median(times.reveal)).toBeLessThan(Math.max(1_500, 10 * median(quiet.reveal)));
    });

    it('and too many or too long are refused', async () => {
      const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`e${n}`, '1']));
      expect((await decrypt({ expressions: many })).status).toBe(422);
      expect((await decrypt({ expressions: { a: `"${'x'.repeat(10_239)}"` } })).status).toBe(422);
      expect((await decrypt({ expressions: { a: `"${'ü'.repeat(5_120)}"` } })).status).toBe(422);
    });
  });
}
