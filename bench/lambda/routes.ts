// SPDX-License-Identifier: Apache-2.0
import { restEvent } from '../../host/api/test/lambda/events.ts';
import type { Answered, FunctionProcess } from '../../host/api/test/support/function-process.ts';
import { CALLER, type Place } from './place.ts';

export interface Counted {
  readonly route: string;
  readonly api: string;
  readonly enclave: string;
  readonly store: string;
}

/** An event of the caller with all rights. */
export function event(method: string, target: string, json?: object): object {
  if (json === undefined) return restEvent(method, target, CALLER);
  const headers = { 'Content-Type': 'application/json' };
  return restEvent(method, target, { ...CALLER, headers, body: JSON.stringify(json) });
}

/** @throws when the answer has another status */
export function expectStatus({ answer, error }: Answered, status: number): Record<string, string> {
  if (answer?.statusCode !== status) {
    throw new Error(`expected ${status}, not ${answer?.statusCode} ${answer?.body ?? error?.name}`);
  }
  return JSON.parse(answer.body) as Record<string, string>;
}

const RECORD = { email: 'ada@example.com', dob: '1990-12-10', city: 'Rome' };
const DECRYPT = {
  fields: ['email', 'dob'],
  reason: 'a measurement',
  expressions: { age: 'date(dob).age()' },
};

/** Calls of KMS, DynamoDB and CloudWatch Logs that each route of a warm function makes. */
export async function countRoutes(running: FunctionProcess, place: Place): Promise<Counted[]> {
  const rows: Counted[] = [];
  const ask = async (name: string, method: string, target: string, json?: object, status = 200) => {
    place.aws.calls.length = 0;
    await place.kmsCalls();
    const answer = expectStatus(await running.invoke(event(method, target, json)), status);
    const kms = await place.kmsCalls();
    rows.push({
      route: name,
      api: tally(kms.api),
      enclave: tally(kms.enclave),
      store: tally(place.aws.calls),
    });
    return answer;
  };
  const { id } = await ask('POST /v1/vaults', 'POST', '/v1/vaults', RECORD, 201);
  const path = `/v1/vaults/${id}`;
  await ask('GET /v1/vaults/{id}', 'GET', path);
  await ask('PATCH /v1/vaults/{id}', 'PATCH', path, { city: 'Bern' });
  await ask('POST …/decrypt, first of 12 minutes', 'POST', `${path}/decrypt`, DECRYPT);
  await ask('POST …/decrypt, again within a minute', 'POST', `${path}/decrypt`, DECRYPT);
  await ask('GET …/audit', 'GET', `${path}/audit`);
  await ask('DELETE /v1/vaults/{id}, a field', 'DELETE', `${path}?fields=city`);
  await ask('DELETE /v1/vaults/{id}, all', 'DELETE', `${path}?delete_all=true`);
  const key = await ask('POST /v1/keys', 'POST', '/v1/keys', { scopes: ['vaults:read'] }, 201);
  await ask('GET /v1/keys', 'GET', '/v1/keys');
  await ask('DELETE /v1/keys/{id}', 'DELETE', `/v1/keys/${key.id}`);
  await ask('GET /v1/attestation', 'GET', '/v1/attestation?nonce=AAECAwQFBgcICQoLDA0ODw');
  await ask('GET /health', 'GET', '/health');
  return rows;
}

/** "2 GetItem, TransactWriteItems", by name. */
export function tally(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names.toSorted()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${count} ${name}`)).join(', ') || '–';
}
