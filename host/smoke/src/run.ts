// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type Call, NoAnswer } from './client.ts';
import { member, text } from './members.ts';
import { type SmokeCheck, type SmokeCode, SmokeFailure, type SmokeReport } from './report.ts';

export interface RunOptions {
  readonly call: (call: Call) => Promise<Answer>;
  /** How the API's methods tell callers: `jwt`, and all but /health ask for a token. */
  readonly auth: 'iam' | 'jwt';
  /** A field of text of the record schema. */
  readonly field: string;
  /** Random text that a decryption must give back. */
  readonly marker: string;
  /** So long a vault that has just been deployed may take to work, in milliseconds. */
  readonly healthMs?: number;
  readonly pauseMs?: number;
}

const HEALTH_MS = 90_000;
const PAUSE_MS = 2_000;
const REASON = 'smoke test of a deployment';

type Failing = Exclude<SmokeCode, 'passed'>;

/** Tries everything that callers do, and what nobody may. It never throws. */
export async function runSmoke(options: RunOptions): Promise<SmokeReport> {
  const run = new Run(options.call);
  try {
    await healthy(run, options);
    await refusals(run, options.auth);
    if (options.auth === 'iam') await record(run, options);
    return { ok: true, code: 'passed', checks: run.checks };
  } catch (error) {
    if (!(error instanceof SmokeFailure)) throw error;
    return { ok: false, code: error.code, checks: run.checks };
  }
}

/** Calls and what came of them. */
class Run {
  readonly checks: SmokeCheck[] = [];
  readonly #call: RunOptions['call'];

  constructor(call: RunOptions['call']) {
    this.#call = call;
  }

  /** @throws {SmokeFailure} `unreachable` */
  async answer(name: string, call: Call): Promise<Answer> {
    try {
      return await this.#call(call);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      this.checks.push({ name, ok: false, code: error.code });
      throw new SmokeFailure('unreachable');
    }
  }

  /** @throws {SmokeFailure} with this code when it is not so */
  note(name: string, ok: boolean, answer: Answer, failing: Failing, more: Partial<SmokeCheck> = {}): void {
    const { status, ms, json } = answer;
    const code = text(member(json, 'code'));
    this.checks.push({ name, ok, status, ...(code === undefined ? {} : { code }), ms, ...more });
    if (!ok) throw new SmokeFailure(failing);
  }

  /** A call that must work. */
  async works(
    name: string,
    call: Call,
    status: number,
    right: (json: unknown) => boolean = () => true,
  ): Promise<unknown> {
    const answer = await this.answer(name, call);
    if (answer.status !== status) this.note(name, false, answer, 'call_failed');
    this.note(name, right(answer.json), answer, 'answer_wrong');
    return answer.json;
  }

  /** A call that must be refused, with this status and, where it is the vault's own refusal, this code. */
  async refused(name: string, call: Call, status: number, code?: string): Promise<void> {
    const answer = await this.answer(name, call);
    const same = code === undefined || member(answer.json, 'code') === code;
    this.note(name, answer.status === status && same, answer, 'not_refused');
  }
}

async function healthy(run: Run, { healthMs = HEALTH_MS, pauseMs = PAUSE_MS }: RunOptions): Promise<void> {
  const until = performance.now() + healthMs;
  const name = 'healthy';
  for (;;) {
    const answer = await run.answer(name, { method: 'GET', path: '/health' });
    const ok = answer.status === 200 && member(answer.json, 'status') === 'ok';
    // A vault that opens says 503; an API whose permissions are still on their way, 403 and 500.
    if (!ok && performance.now() + pauseMs < until) {
      await sleep(pauseMs);
      continue;
    }
    const parts = Object.entries(Object(member(answer.json, 'parts')) as Record<string, unknown>)
      .filter(([, state]) => member(state, 'ok') !== true)
      .map(([part]) => part);
    run.note(name, ok, answer, 'unhealthy', parts.length === 0 ? {} : { parts });
    return;
  }
}

async function refusals(run: Run, auth: RunOptions['auth']): Promise<void> {
  await run.refused('unsigned_is_refused', { method: 'GET', path: '/health', as: 'unsigned' }, 403);
  const create: Call = { method: 'POST', path: '/v1/vaults', json: {} };
  if (auth === 'jwt') {
    await run.refused('no_token_is_refused', { ...create, as: 'unsigned' }, 401);
    await run.refused('bad_token_is_refused', { ...create, as: 'token' }, 401);
    return;
  }
  await run.refused('unsigned_record_is_refused', { ...create, as: 'unsigned' }, 403);
  await run.refused('changed_request_is_refused', { ...create, as: 'changed' }, 403);
  await run.refused('token_is_refused', { ...create, as: 'token' }, 403);
  // Routes of the function that the gateway does not have.
  await run.refused('unlisted_route_is_refused', { method: 'GET', path: '/metrics' }, 403);
  await run.refused('other_rights_are_refused', { method: 'GET', path: '/v1/keys' }, 403, 'scope_missing');
}

/** One record from its creation to its end. It is deleted also when something between fails. */
async function record(run: Run, { field, marker }: RunOptions): Promise<void> {
  const made = await run.works(
    'create',
    { method: 'POST', path: '/v1/vaults', json: { [field]: marker } },
    201,
    (json) => /^v_[0-9A-Za-z]{26}$/.test(text(member(json, 'id')) ?? ''),
  );
  const path = `/v1/vaults/${text(member(made, 'id'))}`;
  const remove: Call = { method: 'DELETE', path, query: { delete_all: 'true' } };
  try {
    await use(run, path, field, marker);
  } catch (error) {
    await run.answer('clean_up', remove).catch(() => undefined);
    throw error;
  }
  await run.works('delete', remove, 200);
  await run.refused('deleted_is_gone', { method: 'GET', path }, 404, 'not_found');
}

async function use(run: Run, path: string, field: string, marker: string): Promise<void> {
  const decrypt = (json: object): Call => ({ method: 'POST', path: `${path}/decrypt`, json });
  await run.works('presence', { method: 'GET', path, query: { fields: field } }, 200, (json) => {
    return member(json, field) === true;
  });
  await run.refused('no_reason_is_refused', decrypt({ fields: [field] }), 422, 'invalid');
  await run.works('decrypt', decrypt({ fields: [field], reason: REASON }), 200, (json) => {
    return member(member(json, 'data'), field) === marker;
  });
  // The field itself is not revealed.
  const expressions = { length: `size(${field})` };
  await run.works('expression', decrypt({ fields: [], reason: REASON, expressions }), 200, (json) => {
    const data = member(json, 'data');
    return member(data, 'length') === marker.length && member(data, field) === undefined;
  });
  await run.works('audit', { method: 'GET', path: `${path}/audit` }, 200, (json) => {
    const entries = member(json, 'entries');
    const decrypted = Array.isArray(entries)
      ? entries.filter((one) => member(one, 'event') === 'DecryptVault' && member(one, 'reason') === REASON)
      : [];
    return decrypted.length === 2;
  });
}
