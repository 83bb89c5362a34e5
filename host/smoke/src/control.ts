// SPDX-License-Identifier: Apache-2.0
import { controlReading, type Reading, reportLine } from '@enclave-vault/canary/core';
import { type Answer, type Call, createClient } from './client.ts';
import { member, text } from './members.ts';
import { type Environment, readSettings, type SmokeSettings } from './settings.ts';

/** Everything that a run does, in milliseconds; the function's own time-out is 20 s. */
const LIMIT_MS = 10_000;
/** What stands in the record: known to everybody, so that no secret is read back each minute. */
const VALUE = 'enclave-vault canary';
const REASON = 'positive control';

export interface ControlParts {
  readonly env: Environment;
  /** Takes the report, a line without its end. */
  readonly write: (line: string) => void;
  /** Ms since the epoch. */
  readonly now?: () => number;
}

/**
 * The positive control of the canaries: what must succeed, each minute. A record of its own is decrypted through the API by
 * an attested enclave, as any caller has it decrypted. Where callers show tokens there is none for a role, and the vault's
 * own word for its health stands in: it says that an enclave has attested and serves, and not that a record opens.
 *
 * The record is found without any memory: a creation that is repeated on the same day under the same Idempotency-Key answers with
 * the record that is there. So a new one is made each day, or when the one before is gone.
 */
export function createControl({ env, write, now = Date.now }: ControlParts): () => Promise<void> {
  const metricsNamespace = env.ENCLAVE_VAULT_METRICS_NAMESPACE ?? 'EnclaveVault';
  const settings = readSettings(env);
  const read = settings === undefined ? misconfigured : readerOf(settings, now);
  return async () => {
    write(reportLine({ metricsNamespace, certificateEnds: undefined }, 'control', [await read()], now()));
  };
}

async function misconfigured(): Promise<Reading> {
  return { probe: 'control', outcome: 'CanaryError', reason: 'misconfigured' };
}

function readerOf({ client, auth, field }: SmokeSettings, now: () => number): () => Promise<Reading> {
  const call = createClient({ ...client, timeoutMs: LIMIT_MS });
  if (auth === 'jwt') {
    return async () => ({
      ...(await controlReading(async () => text(member(await healthOf(call), 'status')), 'ok', LIMIT_MS)),
      probe: 'control.health',
    });
  }
  const record = new Record(call, field, now);
  return () => controlReading(() => record.decrypt(), VALUE, LIMIT_MS);
}

type Caller = (call: Call) => Promise<Answer>;

async function healthOf(call: Caller): Promise<unknown> {
  return demand(await call({ method: 'GET', path: '/health' }), 200);
}

/** The record that is decrypted. */
class Record {
  readonly #call: Caller;
  readonly #field: string;
  readonly #now: () => number;
  #found: { readonly id: string; readonly day: string } | undefined;
  /** How often on a day the record was gone. */
  #gone = { day: '', times: 0 };

  constructor(call: Caller, field: string, now: () => number) {
    this.#call = call;
    this.#field = field;
    this.#now = now;
  }

  /** @throws {ControlError} with the API's code */
  async decrypt(): Promise<unknown> {
    try {
      return await this.#decrypt();
    } catch (error) {
      if (!(error instanceof ControlError) || error.code !== 'not_found') throw error;
      const day = this.#day();
      this.#gone = { day, times: this.#gone.day === day ? this.#gone.times + 1 : 1 };
      this.#found = undefined;
      return await this.#decrypt();
    }
  }

  async #decrypt(): Promise<unknown> {
    const id = await this.#id();
    const answer = await this.#call({
      method: 'POST',
      path: `/v1/vaults/${id}/decrypt`,
      // From KMS: a key in an enclave's memory would open the record for a while after nothing else can be opened.
      json: { fields: [this.#field], reason: REASON, fresh: true },
    });
    return member(member(demand(answer, 200), 'data'), this.#field);
  }

  async #id(): Promise<string> {
    const day = this.#day();
    if (this.#found?.day === day) return this.#found.id;
    const times = this.#gone.day === day ? this.#gone.times : 0;
    const made = await this.#call({
      method: 'POST',
      path: '/v1/vaults',
      json: { [this.#field]: VALUE },
      headers: { 'idempotency-key': `canary-control-${day}-${times}` },
    });
    const id = text(member(demand(made, 201), 'id')) ?? '';
    if (!/^v_[0-9A-Za-z]{26}$/.test(id)) throw new ControlError('answer_wrong');
    this.#found = { id, day };
    return id;
  }

  #day(): string {
    return new Date(this.#now()).toISOString().slice(0, 10);
  }
}

/** A call that must work did not. The code is the API's, or the status. */
class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

function demand({ status, json }: Answer, wanted: number): unknown {
  if (status !== wanted) throw new ControlError(text(member(json, 'code')) ?? `status_${status}`);
  return json;
}
