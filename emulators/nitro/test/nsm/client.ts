// SPDX-License-Identifier: Apache-2.0
import { type CborValue, type DecodedCbor, decodeCbor, encodeCbor } from '@enclave-vault/codec';
import type { SecureModule } from '../../src/nsm/module.ts';

export type Members = ReadonlyMap<string | number, DecodedCbor>;

/** A one-key map, as requests with arguments are. */
export function request(name: string, members: Readonly<Record<string, CborValue>>): CborValue {
  return new Map([[name, new Map(Object.entries(members))]]);
}

/** What the module answers: the members of the map named `name`. */
export async function ask(nsm: SecureModule, body: CborValue, name: string): Promise<Members> {
  const answer = await raw(nsm, body);
  if (!(answer instanceof Map) || !(answer.get(name) instanceof Map)) throw new Error(`no ${name}`);
  return answer.get(name) as Members;
}

/** The code of an error answer; fails for any other answer. */
export async function refusal(nsm: SecureModule, body: CborValue): Promise<string> {
  return refusalOf(await nsm.handle(encodeCbor(body)));
}

export function refusalOf(answer: Uint8Array): string {
  const decoded = decodeCbor(answer);
  const code = decoded instanceof Map && decoded.size === 1 ? decoded.get('Error') : undefined;
  if (typeof code !== 'string') throw new Error('not an error answer');
  return code;
}

export async function raw(nsm: SecureModule, body: CborValue): Promise<DecodedCbor> {
  return decodeCbor(await nsm.handle(encodeCbor(body)));
}
