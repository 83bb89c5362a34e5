// SPDX-License-Identifier: Apache-2.0
import { API } from '@enclave-vault/infra';
import { DeployError } from '../errors.ts';
import type { Known, Run } from './run.ts';

/** A call of the smoke test, as its function reports it (host/smoke/src/report.ts): no value, no secret. */
interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly status?: number;
  readonly code?: string;
}

interface Report {
  readonly ok: boolean;
  /** Of the first check that failed. */
  readonly code: string;
  readonly checks: readonly Check[];
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
  for (const check of report?.checks ?? []) console.say(`  ${checkLine(check)}`);
  if (failed || report === undefined) {
    throw new DeployError('smoke_failed', `${name} ended without a report`);
  }
  if (!report.ok) throw new DeployError('smoke_failed', `${name} says ${report.code}`);
}

function checkLine({ name, ok, status, code }: Check): string {
  if (ok) return `ok     ${name}`;
  const answer = [status, code].filter((one) => one !== undefined).join(' ');
  return `FAILED ${name}${answer === '' ? '' : `: ${answer}`}`;
}

function parse(answer: unknown): Report | undefined {
  if (!isObject(answer) || typeof answer.ok !== 'boolean' || !Array.isArray(answer.checks)) return undefined;
  const checks = answer.checks.filter(isObject).map(({ name, ok, status, code }) => ({
    name: String(name),
    ok: ok === true,
    ...(typeof status === 'number' ? { status } : {}),
    ...(typeof code === 'string' ? { code } : {}),
  }));
  return { ok: answer.ok, code: String(answer.code), checks };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
