// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GenerateDataKeyCommand, GenerateDataKeyWithoutPlaintextCommand } from '@aws-sdk/client-kms';
import { AttestationError, verifyAttestation } from '@enclave-vault/attestation';
import { type CborValue, decodeCbor, encodeCbor } from '@enclave-vault/codec';
import {
  encodeErrorAnswer,
  parseEnvelope,
  parseErrorAnswer,
  type Refusal,
  sealAnswer,
} from '@enclave-vault/protocol';
import { SqliteStore } from '@enclave-vault/stores';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { GlassVault } from '../support/glass-vault.ts';
import { outcome } from '../support/kms-client.ts';
import type { Answer } from '../support/local-vault.ts';
import { answerOf, edited, overhear, withhold, withholdBoth } from '../support/passing.ts';
import { requestFor, SealedQuestion } from '../support/stolen-record.ts';

/**
 * Actor: owner of the parent
 * Has: the parent's machine: the instance role's credentials, all sockets, every byte between API and enclave, a copy of the store. Not
 *   the API's role.
 * Wants: what passes through; a request of his own answered; a caller to believe an answer of his.
 * Cannot: read, change or use what passes, more than once or for anything else; make a request that an enclave takes.
 * Remains: he may drop, delay and reorder; have a request answered by another enclave, for the API alone to read; see times and sizes.
 */
const VALUES = { first_name: 'Bartholomew', last_name: 'Quackenbush', ssn9: '219099999' };
const OTHER = { first_name: 'Evangeline', last_name: 'Pettigrew', ssn9: '987654321' };
let glass: GlassVault;
let id = '';
let other = '';

beforeAll(async () => {
  glass = await GlassVault.start();
  id = await glass.create(VALUES);
  other = await glass.create(OTHER);
  expect((await glass.decrypt(id, ['first_name'])).status).toBe(200);
});
afterAll(() => glass.stop());
afterEach(async () => {
  await glass.settle();
  expect((await ask()).json.data).toEqual({ first_name: VALUES.first_name });
});

const ask = (of = id): Promise<Answer> => glass.decrypt(of, ['first_name']);
/** Straight to the enclave, with the parent's credentials: the refusal, or `answered`. */
async function send(envelope: Uint8Array): Promise<string> {
  const { post } = await glass.enclave();
  const { status, body } = await post('/v1/decrypt', glass.parentRequest(envelope));
  return status === 200 ? 'answered' : parseErrorAnswer(body);
}

describe('what he sees', () => {
  it('holds no value, name, id, reason or expression', async () => {
    const seen: Buffer[] = [];
    glass.between = async ({ body }, pass) => {
      const answer = await pass();
      seen.push(body, answer.body);
      return answer;
    };
    const answer = await glass.decrypt(id, Object.keys(VALUES), { shout: 'first_name.to_uppercase() + "!"' });
    expect(answer.json.data).toMatchObject({ ...VALUES, shout: 'BARTHOLOMEW!' });
    expect(seen).toHaveLength(2);
    for (const word of [
      ...Object.entries(VALUES).flat(),
      'BARTHOLOMEW',
      'to_uppercase',
      'shout',
      'attack',
      id,
    ])
      for (const message of seen) {
        expect(message.includes(word)).toBe(false);
        expect(message.includes(word, undefined, 'utf16le')).toBe(false);
      }
  });
});

describe('a request that he kept', () => {
  it('is answered once: repeated', async () => {
    const { envelope } = await overhear(glass, ask);
    expect(await send(envelope)).toBe('repeated');
    expect(await send(envelope)).toBe('repeated');
    // Nor under another disguise of the same id.
    expect(await send(edited(envelope, (own) => own.set('nonce', randomBytes(12))))).toBe('repeated');
  });

  it('is refused with any member changed', async () => {
    const { _sk } = await glass.record(id);
    const answer = await withhold(glass, ask, async (envelope) => {
      const { id: ownId, time, deadline, key, nonce, box } = parseEnvelope(envelope);
      const flip = (value: Uint8Array, at = 0) =>
        Buffer.from(value.map((byte, i) => (i === at ? byte ^ 1 : byte)));
      const attempts: [string, CborValue, Refusal][] = [
        ['id', flip(ownId), 'unauthenticated'],
        ['id', randomBytes(16), 'unauthenticated'],
        ['time', time + 1, 'unauthenticated'],
        ['time', time - 61_000, 'expired'],
        ['time', time + 70_000, 'malformed'],
        ['deadline', deadline + 30_000, 'unauthenticated'],
        ['deadline', time, 'expired'],
        ['key', flip(key, 20), 'unauthenticated'],
        ['key', flip(key, key.length - 1), 'unauthenticated'],
        ['key', Buffer.from(_sk as Uint8Array), 'unauthenticated'],
        ['nonce', flip(nonce), 'unauthenticated'],
        ['box', flip(box), 'unauthenticated'],
        ['box', flip(box, box.length - 1), 'unauthenticated'],
        ['box', Buffer.from(box.subarray(0, -1)), 'unauthenticated'],
        ['v', 2, 'malformed'],
        ['vault_id', other, 'malformed'],
      ];
      const came = [];
      for (const [member, value] of attempts)
        came.push([member, value, await send(edited(envelope, (own) => own.set(member, value)))]);
      expect(came).toEqual(attempts);
      expect(await send(Buffer.concat([envelope, Buffer.of(0)]))).toBe('malformed');
    });
    // What was tried did not spend the request's id, nor anything else of the caller's.
    expect(answer.json.data).toEqual({ first_name: VALUES.first_name });
  });

  it('lends nothing to another: header of one, box of the other', async () => {
    const answers = await withholdBoth(glass, [ask, () => ask(other)], async (one, two) => {
      const [a, b] = [parseEnvelope(one.body), parseEnvelope(two.body)];
      for (const members of [['box'], ['box', 'nonce'], ['id'], ['id', 'time', 'deadline']] as const)
        for (const [onto, from] of [
          [one.body, b],
          [two.body, a],
        ] as const)
          expect(
            await send(
              edited(onto, (own) => {
                for (const member of members) own.set(member, from[member]);
              }),
            ),
          ).toBe('unauthenticated');
      return [await one.pass(), await two.pass()];
    });
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('may overtake another: each caller still gets his own answer', async () => {
    const answers = await withholdBoth(glass, [ask, () => ask(other)], async (one, two) => {
      const late = await two.pass();
      return [await one.pass(), late];
    });
    expect(answers.map(({ json }) => json.data)).toEqual([
      { first_name: VALUES.first_name },
      { first_name: OTHER.first_name },
    ]);
  });

  it('is answered by a second enclave, under no keystream that the first one used', async () => {
    // Each enclave remembers for itself (SPEC.md, section 3): nobody but the API opens either answer.
    const rogue = await glass.launch();
    expect(await rogue.configure(glass.vault.configuration())).toBe(204);
    const boxes: Buffer[] = [];
    glass.between = async ({ body }, pass) => {
      const first = await pass();
      const second = await rogue.post('/v1/decrypt', glass.parentRequest(body));
      expect(second.status).toBe(200);
      for (const { body: answer } of [first, second]) {
        const members = decodeCbor(answer) as unknown as Map<string, Buffer>;
        boxes.push(members.get('nonce') as Buffer, members.get('box') as Buffer);
      }
      return second;
    };
    expect((await ask()).json.data).toEqual({ first_name: VALUES.first_name });
    const [nonce, box, nonceTwo, boxTwo] = boxes as [Buffer, Buffer, Buffer, Buffer];
    expect(nonceTwo.equals(nonce)).toBe(false);
    // The plaintexts are the same, so two boxes that agree in a byte or two by chance would agree in all under one keystream.
    expect(boxTwo).toHaveLength(box.length);
    const same = box.filter((byte, index) => byte === boxTwo[index]).length;
    expect(same).toBeLessThan(box.length / 8);
  });
});

describe('an answer', () => {
  /** The caller is told that no enclave answers, and the operator why. */
  async function expectRefused(answer: Answer, code = 'enclave_unavailable'): Promise<void> {
    expect([answer.status, answer.json.code]).toEqual([503, code]);
    expect(answer.json).not.toHaveProperty('data');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }

  it('swapped with another’s is believed by neither', async () => {
    const before = glass.logged('report').length;
    const answers = await withholdBoth(glass, [ask, () => ask(other)], async (one, two) => {
      const [a, b] = [await one.pass(), await two.pass()];
      return [b, a];
    });
    for (const answer of answers) await expectRefused(answer);
    const reports = await glass.loggedSince('report', before, 2);
    expect(reports.map(({ report }) => report)).toEqual(['enclave_answer_invalid', 'enclave_answer_invalid']);
  });

  it.each<[string, (past: { sealed: Buffer }, now: Buffer) => Uint8Array]>([
    ['to the same question asked before', ({ sealed }) => sealed],
    [
      'to the question asked before, under the id of this one',
      ({ sealed }, now) => edited(sealed, (own) => own.set('id', parseEnvelope(now).id)),
    ],
    ['that is the question itself', (_, now) => now],
    [
      'of the question’s own box',
      (_, now) => {
        const { v, id: of, time, nonce, box } = parseEnvelope(now);
        return encodeCbor(new Map<string, CborValue>(Object.entries({ v, id: of, time, nonce, box })));
      },
    ],
    [
      'sealed under a key of his own',
      (_, now) =>
        sealAnswer(
          randomBytes(32),
          parseEnvelope(now),
          { data: [['first_name', '"Mallory"']], errors: [] },
          Date.now(),
        ),
    ],
    ['of nothing', () => new Uint8Array(0)],
    ['of noise', () => randomBytes(4_096)],
    [
      'in the clear',
      () =>
        encodeCbor(
          new Map<string, CborValue>([
            ['data', [['first_name', '"Mallory"']]],
            ['errors', []],
          ]),
        ),
    ],
  ])('%s is not believed', async (_, forge) => {
    const past = await overhear(glass, ask);
    glass.between = async ({ body }) => answerOf(forge(past, body));
    await expectRefused(await ask());
  });

  it('larger than any may be is not read', async () => {
    glass.between = async () => answerOf(Buffer.alloc(11 * 1024 * 1024));
    await expectRefused(await ask());
  });

  it.each<[Refusal, string]>([
    ['malformed', 'enclave_unavailable'],
    ['too_large', 'enclave_unavailable'],
    ['busy', 'busy'],
    ['expired', 'timed_out'],
    ['repeated', 'enclave_unavailable'],
    ['unauthenticated', 'enclave_unavailable'],
    ['kms_denied', 'enclave_not_trusted'],
    ['kms_unavailable', 'kms_unavailable'],
    ['timed_out', 'timed_out'],
    ['no_configuration', 'enclave_unavailable'],
    ['not_found', 'enclave_unavailable'],
    ['internal', 'enclave_unavailable'],
  ])('forged as the refusal %s is a 503 %s and says nothing of a record', async (refusal, code) => {
    glass.between = async () => answerOf(encodeErrorAnswer(refusal));
    await expectRefused(await ask(), code);
  });

  it.each([
    ['{"code":"not_found"}', 'application/json', 404],
    ['{"data":{"first_name":"Mallory"}}', 'application/json', 200],
    ['', 'application/cbor', 302],
    ['<html>', 'text/html', 200],
  ])('in the parent’s own words, %s: 503', async (body, type, status) => {
    glass.between = async () => ({ status, headers: { 'content-type': type }, body: Buffer.from(body) });
    await expectRefused(await ask());
  });
});

describe('a request of his own', () => {
  it('has no data key: KMS makes him none', async () => {
    for (const from of ['inside', 'outside'] as const)
      for (const KeyId of [glass.keys.request, glass.keys.vault, glass.keys.integrity]) {
        const EncryptionContext = { purpose: 'enclave-request/1' };
        const input = { KeyId, KeySpec: 'AES_256', EncryptionContext } as const;
        const kms = glass.kms('instance', from);
        // Both outcomes are waited for from the start: the second may be refused before the first is.
        const calls = [
          outcome(kms.send(new GenerateDataKeyCommand(input))),
          outcome(kms.send(new GenerateDataKeyWithoutPlaintextCommand(input))),
        ];
        for (const { name, message } of await Promise.all(calls))
          expect([name, message]).toEqual([
            'AccessDeniedException',
            expect.stringContaining('explicit deny'),
          ]);
      }
  });

  it('under a key of his own is refused, whatever he says KMS wrapped it as', async () => {
    const stolen = await glass.record(id);
    const { envelope } = await overhear(glass, ask);
    const store = SqliteStore.open(glass.files.database);
    const { items } = await store.scan('', { limit: 1_000 });
    await store.close();
    // Whatever looks like a wrapped key in the whole store, and the wrapped request key that passed by.
    const wrapped = items.flatMap((item) =>
      Object.values(item).filter(
        (value) => value instanceof Uint8Array && value.length > 64 && value.length <= 8_192,
      ),
    ) as Uint8Array[];
    expect(wrapped.some((value) => Buffer.from(value).equals(Buffer.from(stolen._sk as Uint8Array)))).toBe(
      true,
    );
    for (const wrappedKey of [parseEnvelope(envelope).key, ...wrapped, randomBytes(184), Buffer.of(0)]) {
      const question = new SealedQuestion({ dataKey: randomBytes(32), wrappedKey }, requestFor(stolen));
      expect(await send(question.envelope)).toBe('unauthenticated');
    }
  });

  it('that the API’s role sealed is answered within a minute, either way, and not after', async () => {
    // With the API's role this works, so the refusals above are for want of it; and time is part of what is sealed.
    const { Plaintext, CiphertextBlob } = await glass.kms('api').send(
      new GenerateDataKeyCommand({
        KeyId: glass.keys.request,
        KeySpec: 'AES_256',
        EncryptionContext: { purpose: 'enclave-request/1' },
      }),
    );
    const key = { dataKey: Buffer.from(Plaintext ?? []), wrappedKey: Buffer.from(CiphertextBlob ?? []) };
    const request = requestFor(await glass.record(id));
    const { post } = await glass.enclave();
    const sent = async (age: number, life: number) => {
      const question = new SealedQuestion(key, request, { at: Date.now() - age, life });
      const { status, body } = await post('/v1/decrypt', glass.parentRequest(question.envelope));
      return status === 200 ? question.open(body) : parseErrorAnswer(body);
    };
    const expected = { data: expect.arrayContaining([['first_name', '"Bartholomew"']]), errors: [] };
    expect(await sent(0, 5_000)).toEqual(expected);
    expect(await sent(55_000, 65_000)).toEqual(expected);
    expect(await sent(60_500, 120_000)).toBe('expired');
    expect(await sent(-65_000, 5_000)).toBe('expired');
    expect(await sent(5_000, 4_999)).toBe('expired');

    // One id serves one request, also when another is sealed under it.
    const requestId = randomBytes(16);
    const twice = [0, 1].map((n) => new SealedQuestion(key, request, { at: Date.now() + n, requestId }));
    expect(await Promise.all(twice.map(({ envelope }) => send(envelope)))).toEqual(
      expect.arrayContaining(['answered', 'repeated']),
    );
  });

  it('cannot pass another enclave off as the one that a client attests', async () => {
    const nonce = randomBytes(32);
    const path = `/v1/attestation?nonce=${nonce.toString('base64url')}`;
    const attested = async () => Buffer.from(String((await glass.call('GET', path)).json.document), 'base64');
    const root = glass.rootCertificate;
    const genuine = await attested();
    const { pcrs } = verifyAttestation(genuine, { root, at: Date.now(), nonce, requirePcrs: [16] });
    const policy = Object.fromEntries(
      [...pcrs].map(([register, value]) => [register, [value.toString('hex')]]),
    );
    const check = (document: Uint8Array): string => {
      try {
        verifyAttestation(document, { root, at: Date.now(), nonce, pcrs: policy, requirePcrs: [16] });
        return 'verified';
      } catch (error) {
        return error instanceof AttestationError ? error.code : 'unknown';
      }
    };
    expect(check(await attested())).toBe('verified');

    const debugged = await glass.launch({ debug: true });
    await debugged.configure(glass.vault.configuration());
    glass.between = ({ body }) => debugged.post('/v1/attestation', body);
    expect(check(await attested())).toBe('debug_mode');
    // An old document of the right enclave: the nonce is another caller's.
    glass.between = async (_, pass) =>
      pass(
        encodeCbor(
          new Map<string, CborValue>([
            ['v', 1],
            ['nonce', randomBytes(32)],
          ]),
        ),
      );
    expect(check(await attested())).toBe('nonce_mismatch');
  });
});

describe('what his processes leave behind', () => {
  it('has neither a value of those that passed nor the secret of any role', () => {
    const left = [
      glass.log,
      ...readdirSync(glass.folder).map((name) => readFileSync(join(glass.folder, name), 'latin1')),
    ];
    const roles = Object.values(glass.vault.principals).map(({ secretAccessKey }) => secretAccessKey);
    for (const text of left)
      for (const secret of [...roles, VALUES.last_name, OTHER.last_name, 'Mallory'])
        expect(text.includes(secret)).toBe(false);
    expect(left.join('')).toContain(glass.vault.principals.instance.accessKeyId);
  });
});
