// SPDX-License-Identifier: Apache-2.0
import { type CborValue, decodeCbor, encodeCbor } from '@enclave-vault/codec';
import type { UnixAnswer } from '@enclave-vault/parent/unix-http';
import type { GlassVault } from './glass-vault.ts';
import type { Answer } from './local-vault.ts';

/** A request of the API's on its way to the parent. */
export interface OnItsWay {
  readonly body: Buffer;
  /** To the parent, and back with its answer. */
  readonly pass: () => Promise<UnixAnswer>;
}

/** An answer of the enclave's, or of somebody who would pass for it. */
export function answerOf(body: Uint8Array): UnixAnswer {
  return { status: 200, headers: { 'content-type': 'application/cbor' }, body: Buffer.from(body) };
}

/** A message with members changed. */
export function edited(message: Uint8Array, change: (own: Map<string, CborValue>) => void): Buffer {
  const members = new Map(decodeCbor(message) as unknown as Map<string, CborValue>);
  change(members);
  return encodeCbor(members);
}

/** Passes a request on, and keeps it and its answer. @param ask a call of the API that needs the enclave */
export async function overhear(
  glass: GlassVault,
  ask: () => Promise<Answer>,
): Promise<{ envelope: Buffer; sealed: Buffer; answer: Answer }> {
  let heard: { envelope: Buffer; sealed: Buffer } | undefined;
  glass.between = async ({ body }, pass) => {
    const answer = await pass();
    heard = { envelope: body, sealed: answer.body };
    return answer;
  };
  const answer = await ask();
  if (heard === undefined) throw new Error('nothing passed');
  return { ...heard, answer };
}

/** Holds a request back while `attack` has it; then it goes its way, as if nothing had been. */
export async function withhold(
  glass: GlassVault,
  ask: () => Promise<Answer>,
  attack: (envelope: Buffer) => Promise<void>,
): Promise<Answer> {
  const attacked = Promise.withResolvers<void>();
  glass.between = async ({ body }, pass) => {
    await attack(body).then(attacked.resolve, attacked.reject);
    return pass();
  };
  const [answer] = await Promise.all([ask(), attacked.promise]);
  return answer;
}

/** Has two requests at once, and decides what each is answered. */
export async function withholdBoth(
  glass: GlassVault,
  [askOne, askTwo]: readonly [() => Promise<Answer>, () => Promise<Answer>],
  attack: (one: OnItsWay, two: OnItsWay) => Promise<readonly [UnixAnswer, UnixAnswer]>,
): Promise<readonly [Answer, Answer]> {
  const first = Promise.withResolvers<OnItsWay>();
  const toFirst = Promise.withResolvers<UnixAnswer>();
  glass.between = ({ body }, pass) => {
    first.resolve({ body, pass });
    return toFirst.promise;
  };
  const one = askOne();
  const held = await first.promise;
  glass.between = async ({ body }, pass) => {
    const both = attack(held, { body, pass });
    both.then(([answer]) => toFirst.resolve(answer), toFirst.reject);
    return (await both)[1];
  };
  return Promise.all([one, askTwo()]);
}
