// SPDX-License-Identifier: Apache-2.0
import { API } from '@enclave-vault/infra';
import { DeployError } from '../errors.ts';
import type { Known, Run } from './run.ts';

/** A call of the smoke test, as its function reports it: no value, no secret. */
interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly code?: string;
}

/**
 * Has the function inside the VPC write, decrypt and delete a record by the API's own address.
 * @throws {DeployError} `smoke_failed`
 */
export async function smokeTest({ cloud, console }: Run, known: Known): Promise<void> {
  const name = known.of(API)?.SmokeFunctionName;
  if (name === undefined) throw new DeployError('smoke_failed', 'the API is not deployed');
  const { failed, answer } = await cloud.functions.invoke(name, {});
  const report = parse(answer);
  for (const { name: call, ok, code } of report?.checks ?? []) {
    console.say(`  ${ok ? 'ok    ' : 'FAILED'} ${call}${code === undefined ? '' : ` (${code})`}`);
  }
  if (failed || report?.ok !== true) {
    throw new DeployError(
      'smoke_failed',
      report === undefined ? `${name} ended without a report` : `${name} found something`,
    );
  }
}

function parse(answer: unknown): { readonly ok: boolean; readonly checks: readonly Check[] } | undefined {
  if (!isObject(answer) || typeof answer.ok !== 'boolean' || !Array.isArray(answer.checks)) return undefined;
  const checks = answer.checks.filter(isObject).map(({ name, ok, code }) => ({
    name: String(name),
    ok: ok === true,
    ...(typeof code === 'string' ? { code } : {}),
  }));
  return { ok: answer.ok, checks };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
