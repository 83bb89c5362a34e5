// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { verifyAttestation } from '@enclave-vault/attestation';
import { encodeAttestationRequest, parseErrorAnswer, pcr16 } from '@enclave-vault/protocol';
import {
  everythingOf,
  now,
  Question,
  SCHEMA,
  type StoredRecord,
  store,
} from '../../../trusted/enclave/test/support/caller.ts';
import { PCRS, type TestDeployment } from '../../../trusted/enclave/test/support/deployment.ts';
import { check } from './checks.ts';
import { Enclave } from './enclave.ts';
import { NsmService } from './nsm-protocol.ts';
import { type Answer, type Caller, startVsockRelay, vsockCaller } from './vsock-client.ts';

const MIB = 1024 * 1024;

export interface Asked {
  readonly deployment: TestDeployment;
  readonly record: StoredRecord;
  readonly key: { dataKey: Buffer; wrappedKey: Buffer };
}

/** A request has 28 s here: the machine may be an emulated one. */
export const question = ({ key, record }: Asked): Question =>
  new Question(key, everythingOf(record), now({ deadline: Date.now() + 28_000 }));

/** Asks for the record and opens the answer. */
export async function ask(call: Caller, asked: Asked, one = question(asked)): Promise<unknown> {
  const { deployment } = asked;
  const credentials = deployment.credentialsOf(deployment.principals.instance);
  const answer = await call('POST', '/v1/decrypt', one.message(credentials));
  return answer.status === 200 ? opened(one, answer.body) : refusal(answer);
}

function refusal({ status, body, headers }: Answer): string {
  // Node's own refusals, of requests that take too long to arrive, have no body.
  return `${status} ${headers['content-type'] === 'application/cbor' ? parseErrorAnswer(body) : ''}`;
}

/** @returns the answer, or the code of one that failed as a whole */
export function opened(one: Question, body: Buffer): unknown {
  const answer = one.open(body);
  return 'error' in answer ? `200 ${answer.error}` : answer;
}

/** What a machine that is too slow for the time that bodies and KMS have makes of a request. */
const LATE = /^(?:503 kms_unavailable|504 timed_out|408 |200 kms_unavailable|200 timed_out)/;

/** Makes a request again while it was only late, a few times. */
export async function inTime<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    const answer = await attempt();
    if (typeof answer !== 'string' || !LATE.test(answer) || tries === 5) return answer;
  }
}

const DATA = {
  data: [
    ['city', '"Bern"'],
    ['dob', '"1980-02-29"'],
  ],
  errors: [],
};

export async function makeRecord(deployment: TestDeployment): Promise<Asked> {
  const record = await store(deployment, { city: 'Bern', dob: '1980-02-29' });
  return { deployment, record, key: await deployment.dataKey() };
}

/** The enclave on its own: life, limits and what it says when something is missing. */
export async function enclaveChecks(deployment: TestDeployment): Promise<void> {
  const service = await NsmService.start('nsm-enclave', deployment.root, PCRS);
  const enclave = Enclave.launch({ nsm: service.name });
  await enclave.listening();
  const call = vsockCaller();
  const asked = await makeRecord(deployment);

  await check('enclave: seeds the kernel from the module before anything else', async () => {
    const { asked: lengths } = await service.tell();
    // "GetRandom" as CBOR, twice, and nothing more so far.
    deepEqual(lengths, [10, 10]);
  });
  await check('enclave: before its configuration there is health alone', async () => {
    equal(String((await call('GET', '/v1/health')).body), '{"phase":"boot"}');
    equal(await ask(call, asked), '409 no_configuration');
  });
  await check('enclave: measures its configuration into PCR16 and locks it', async () => {
    equal((await call('PUT', '/v1/configuration', deployment.configuration)).status, 204);
    equal((await service.tell()).pcr16, pcr16(deployment.configuration).toString('hex'));
    equal(refusal(await call('PUT', '/v1/configuration', deployment.configuration)), '404 not_found');
  });
  await check(
    'enclave: without a relay it says 503 kms_unavailable, Retry-After, and why in its log',
    async () => {
      const credentials = deployment.credentialsOf(deployment.principals.instance);
      const answer = await call('POST', '/v1/decrypt', question(asked).message(credentials));
      equal(refusal(answer), '503 kms_unavailable');
      equal(answer.headers['retry-after'], '1');
      const { code, detail } = enclave.logged('request_key_refused').at(-1) ?? {};
      deepEqual([code, detail], ['kms_unavailable', 'relay_down']);
    },
  );

  const endRelay = await startVsockRelay(deployment.port);
  await check('enclave: decrypts; KMS is reached at the CID that the configuration came from', async () => {
    deepEqual(await inTime(() => ask(call, asked)), DATA);
  });
  await check('enclave: its attestation document verifies, under the caller’s nonce', async () => {
    const nonce = randomBytes(32);
    const { body } = await call('POST', '/v1/attestation', encodeAttestationRequest(nonce));
    const { pcrs } = verifyAttestation(body, {
      root: deployment.root.certificate,
      at: Date.now(),
      nonce,
    });
    deepEqual(pcrs.get(0), PCRS.get(0));
    deepEqual(pcrs.get(16), pcr16(deployment.configuration));
  });
  await check('enclave: 200 requests at once, each with its own answer', async () => {
    // Sealed before any is sent, so that they arrive together.
    const questions = Array.from({ length: 200 }, () => question(asked));
    const answers = await Promise.all(questions.map((one) => ask(call, asked, one)));
    // A machine that is emulated, and shared, may take longer for all of them than KMS has for one: a request that was
    // late is made once more, and only a wrong answer, or no right one at all, is a failure.
    const late = answers.filter((answer) => LATE.test(String(answer)));
    for (const answer of answers) if (!late.includes(answer)) deepEqual(answer, DATA);
    ok(late.length < answers.length);
    for (const _ of late) deepEqual(await inTime(() => ask(call, asked)), DATA);
    if (late.length > 0)
      console.log(`figures: ${late.length} of 200 requests at once were late and made again`);
  });
  await check('enclave: a message of 10 MiB is read whole, one more byte is 413', async () => {
    const send = (size: number): Promise<string> =>
      inTime(async () => refusal(await call('POST', '/v1/decrypt', Buffer.alloc(size))));
    equal(await send(10 * MIB), '400 malformed');
    equal(await send(10 * MIB + 1), '413 too_large');
    deepEqual(await inTime(() => ask(call, asked)), DATA);
  });
  await check('enclave: 240 KiB of fields arrive, and come back', async () => {
    const values = Object.fromEntries(SCHEMA.map((name) => [name, 'x'.repeat(60_000)]));
    const large = { ...asked, record: await store(deployment, values) };
    const answer = (await inTime(() => ask(call, large))) as { data: [string, string][] };
    deepEqual(
      answer.data.map(([, json]) => json.length),
      SCHEMA.map(() => 60_002),
    );
  });
  await check('enclave: KMS refuses an attestation of another image: 403 kms_denied', async () => {
    await deployment.release(randomBytes(64));
    const denied = { ...asked, key: await deployment.dataKey() };
    equal(await inTime(() => ask(call, denied)), '403 kms_denied');
    const { detail } = enclave.logged('request_key_refused').at(-1) ?? {};
    equal(detail, 'AccessDeniedException');
    await deployment.release();
    const fresh = { ...asked, key: await deployment.dataKey() };
    deepEqual(await inTime(() => ask(call, fresh)), DATA);
  });
  await check('enclave: a relay that comes and goes', async () => {
    await endRelay();
    const fresh = { ...asked, key: await deployment.dataKey() };
    equal(await ask(call, fresh), '503 kms_unavailable');
    const endAgain = await startVsockRelay(deployment.port);
    deepEqual(await inTime(() => ask(call, fresh)), DATA);
    await endAgain();
  });
  await check('enclave: wrote nothing but events', () => {
    for (const line of enclave.output.trim().split('\n')) ok(JSON.parse(line).event);
    for (const secret of ['Bern', '1980', deployment.principals.instance.secretAccessKey])
      ok(!enclave.output.includes(secret));
  });
  await check(
    'enclave: a module that is gone attests nothing: 500 internal, and why in its log',
    async () => {
      await service.stop();
      equal(
        refusal(await call('POST', '/v1/attestation', encodeAttestationRequest(randomBytes(32)))),
        '500 internal',
      );
      ok(String(enclave.logged('refused').at(-1)?.detail).startsWith('nsm_'));
    },
  );
  await enclave.kill();
}
