// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { Client, Reply } from './client.ts';
import { difference, type Fields, LedgerRecord } from './ledger.ts';
import { type Random, sleep } from './random.ts';

/** No single operation may stay without an answer for longer, retries included. */
const OPERATION_MS = 300_000;
const LONGEST_PAUSE_MS = 25;
const SHARED_RECORDS = 4;

const digits = (random: Random, n: number) => Array.from({ length: n }, () => random.below(10)).join('');
const day = (random: Random) => `${1930 + random.below(80)}-0${1 + random.below(9)}-${10 + random.below(19)}`;

/** Every value tells its writes apart. */
const MAKERS: Readonly<Record<string, (random: Random) => string>> = {
  first_name: () => `First ${randomUUID()}`,
  middle_name: () => `Middle ${randomUUID()}`,
  last_name: () => `Last ${randomUUID()}`,
  email: () => `${randomUUID()}@example.org`,
  phone_number: (random) => `+49${1 + random.below(9)}${digits(random, 9)}`,
  ssn9: (random) => digits(random, 9),
  dob: day,
  address1: (random) => `${random.below(1000)} Long Street ${randomUUID()}`,
  city: () => `City ${randomUUID()}`,
  state: () => `State ${randomUUID()}`,
  postal_code: (random) => digits(random, 5),
  country: (random) => random.pick(['DE', 'FR', 'IT', 'NL', 'PL']),
};
const NAMES = Object.keys(MAKERS);

function someFields(random: Random, atLeast: number): Fields {
  const names = random.shuffled(NAMES).slice(0, atLeast + random.below(NAMES.length - atLeast + 1));
  return Object.fromEntries(names.map((name) => [name, MAKERS[name]?.(random) ?? '']));
}

/** Revision of an answer's ETag. */
function revOf(reply: Reply): number {
  return Number(/^"(\d+)"$/.exec(reply.headers.etag ?? '')?.[1] ?? Number.NaN);
}

export interface WorkloadOptions {
  readonly client: Client;
  readonly workers: number;
  /** From here on there are only updates and reads. */
  readonly maxRecords: number;
}

/** Clients that create, update and decrypt until they are told to stop, and remember what was acknowledged. */
export class Workload {
  readonly records: LedgerRecord[] = [];
  /** Records that all workers update; the others have one writer, which reads its own writes. */
  readonly #shared: LedgerRecord[] = [];
  creates = 0;
  updates = 0;
  reads = 0;
  /** Answers that contradict what was acknowledged. */
  readonly mismatches: string[] = [];
  readonly #options: WorkloadOptions;
  #stopping = false;
  #running: Promise<void>[] = [];

  constructor(options: WorkloadOptions) {
    this.#options = options;
  }

  get writes(): number {
    return this.creates + this.updates;
  }

  async start(random: Random): Promise<void> {
    for (let i = 0; i < SHARED_RECORDS; i++) {
      const record = await this.#create(random);
      if (record) this.#shared.push(record);
    }
    this.#running = Array.from({ length: this.#options.workers }, () => this.#work(random.fork()));
  }

  /** Operations under way are carried to their end, so that nothing is left in doubt. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  async #work(random: Random): Promise<void> {
    const own: LedgerRecord[] = [];
    while (!this.#stopping) {
      const dice = random.next();
      if (own.length === 0 || (dice < 0.35 && this.records.length < this.#options.maxRecords)) {
        const record = await this.#create(random);
        if (record) own.push(record);
      } else if (dice < 0.7) {
        await this.#update(random, random.pick(own));
      } else if (dice < 0.8) {
        await this.#update(random, random.pick(this.#shared));
      } else {
        await this.#read(random, random.pick(own));
      }
      await sleep(random.below(LONGEST_PAUSE_MS));
    }
  }

  async #create(random: Random): Promise<LedgerRecord | undefined> {
    const fields = someFields(random, 1);
    const reply = await this.#write(random, 'POST', '/v1/vaults', fields);
    if (reply === undefined) return undefined;
    if (reply.status !== 201) return this.#mismatch(`create: ${reply.status} ${String(reply.json.code)}`);
    const record = new LedgerRecord(String(reply.json.id), fields);
    this.records.push(record);
    this.creates += 1;
    return record;
  }

  async #update(random: Random, record: LedgerRecord): Promise<void> {
    const fields = someFields(random, 1);
    const reply = await this.#write(random, 'PATCH', `/v1/vaults/${record.id}`, fields);
    if (reply === undefined) return;
    if (reply.status !== 200) return this.#mismatch(`update: ${reply.status} ${String(reply.json.code)}`);
    record.updated(revOf(reply), fields);
    this.updates += 1;
  }

  async #write(random: Random, method: string, path: string, fields: Fields): Promise<Reply | undefined> {
    const { client } = this.#options;
    client.tally.began();
    try {
      return await client.certain(random, OPERATION_MS, method, path, fields, {
        'idempotency-key': randomUUID(),
      });
    } finally {
      client.tally.ended();
    }
  }

  async #read(random: Random, record: LedgerRecord): Promise<void> {
    const problem = await this.check(random, record);
    this.reads += 1;
    if (problem !== undefined) this.#mismatch(`read your writes: ${problem}`);
  }

  /** Decrypts a record and holds it against what was acknowledged. Undefined: all is as it should be. */
  async check(random: Random, record: LedgerRecord): Promise<string | undefined> {
    const { fields } = record;
    const path = `/v1/vaults/${record.id}/decrypt`;
    const body = { fields: Object.keys(fields), reason: 'kill test' };
    const reply = await this.#options.client.certain(random, OPERATION_MS, 'POST', path, body);
    if (reply?.status !== 200) return `${record.id}: ${reply?.status} ${String(reply?.json.code)}`;
    const wrong = difference(fields, reply.json.data);
    if (reply.json.errors !== undefined) wrong.push('errors');
    return wrong.length === 0 ? undefined : `${record.id}: ${wrong.join(', ')}`;
  }

  /** Whether the record's revision is that of its last acknowledged write. */
  async checkRevision(random: Random, record: LedgerRecord): Promise<string | undefined> {
    const reply = await this.#options.client.certain(
      random,
      OPERATION_MS,
      'GET',
      `/v1/vaults/${record.id}?fields=email`,
    );
    const rev = reply?.status === 200 ? revOf(reply) : Number.NaN;
    if (rev === record.rev && rev === record.writes && record.repeated === 0) return undefined;
    return `${record.id}: revision ${rev}, ${record.writes} writes acknowledged, the last of ${record.rev}`;
  }

  #mismatch(problem: string): undefined {
    this.mismatches.push(problem);
  }
}
