// SPDX-License-Identifier: Apache-2.0
import { setImmediate as turn } from 'node:timers/promises';
import {
  KmsError,
  type KmsErrorCode,
  type RecordKeyContext,
  type RecordKeyPair,
  type Report,
} from '../../src/index.ts';
import { type KeyPoolOptions, RecordKeys } from '../../src/record-keys/record-keys.ts';
import { LocalKms } from '../support/local-kms.ts';

interface Asked {
  readonly context: RecordKeyContext;
  /** Somebody waits for it: not one that is made beforehand. */
  readonly waited: boolean;
  readonly answer: (pair: RecordKeyPair) => void;
  readonly refuse: (error: KmsError) => void;
}

/** A KMS whose answers come when the test says so. Pairs have the context that they were made for in their bytes. */
export class HeldKms extends LocalKms {
  readonly asked: Asked[] = [];

  override generateRecordKeyPair(
    context: RecordKeyContext,
    { once = false }: { readonly once?: boolean } = {},
  ): Promise<RecordKeyPair> {
    const { promise, resolve, reject } = Promise.withResolvers<RecordKeyPair>();
    this.asked.push({ context, waited: !once, answer: resolve, refuse: reject });
    return promise;
  }

  /** Calls of one tenant that are not answered. */
  of(tenant: string): Asked[] {
    return this.asked.filter(({ context }) => context.tenant_id === tenant);
  }

  /** Answers the calls, all that there are by default. */
  answer(calls: readonly Asked[] = this.asked): void {
    for (const call of this.#remove(calls)) call.answer(pairFor(call.context));
  }

  refuse(code: KmsErrorCode, calls: readonly Asked[] = this.asked): void {
    for (const call of this.#remove(calls)) call.refuse(new KmsError(code));
  }

  #remove(calls: readonly Asked[]): readonly Asked[] {
    const taken = [...calls];
    for (const call of taken) this.asked.splice(this.asked.indexOf(call), 1);
    return taken;
  }
}

export function pairFor({ vault_id, tenant_id }: RecordKeyContext): RecordKeyPair {
  return { publicKey: Buffer.from(vault_id), wrappedPrivateKey: Buffer.from(tenant_id), keyArn: 'arn' };
}

export interface PoolFixture {
  readonly keys: RecordKeys;
  readonly kms: HeldKms;
  readonly reports: Report[];
  /** Moves the monotonic clock. */
  pass(ms: number): void;
  /** A record of a tenant that ends with what KMS gives, at once. */
  create(tenant?: string): Promise<string>;
}

/** Key pairs on a clock that stands still until it is moved. */
export function pool(options: Partial<KeyPoolOptions> = {}): PoolFixture {
  const kms = new HeldKms();
  const reports: Report[] = [];
  let now = 1_000;
  const keys = new RecordKeys({
    kms,
    clock: { now: () => 1_700_000_000_000_000 + now * 1000 },
    report: (report) => reports.push(report),
    pool: { size: 64, perSecond: 1_000, ...options },
    chance: { elapsed: () => now, random: () => 1 },
  });
  return {
    keys,
    kms,
    reports,
    pass: (ms) => {
      now += ms;
    },
    create: async (tenant = 'one') => {
      const key = keys.next(tenant, Number.MAX_SAFE_INTEGER, 'somebody');
      kms.answer(kms.of(tenant).filter(({ waited }) => waited));
      const { id, pair } = await key;
      if (Buffer.from(pair.publicKey).toString() !== id) throw new Error('a pair of another id');
      if (Buffer.from(pair.wrappedPrivateKey).toString() !== tenant)
        throw new Error('a pair of another tenant');
      return id;
    },
  };
}

/** Lets everything happen that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 4; i += 1) await turn();
}

/** Makes a record, and answers until nobody asks any more. */
export async function warm({ kms, create }: PoolFixture, tenant = 'one', records = 1): Promise<void> {
  for (let i = 0; i < records; i += 1) await create(tenant);
  await settle();
  while (kms.asked.length > 0) {
    kms.answer();
    await settle();
  }
}
