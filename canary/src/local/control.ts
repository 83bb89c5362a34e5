// SPDX-License-Identifier: Apache-2.0
import { ApiCallError, callLocalApi, refusalOf } from './api.ts';
import type { LocalCanaryConfig } from './settings.ts';

/**
 * Has the control's record decrypted through the API, as any caller would.
 * @returns the value as JSON text
 * @throws {ApiCallError} with the API's own code, or `no_value`
 */
export async function decryptControl(
  { vault, field, ...api }: LocalCanaryConfig['control'],
  signal: AbortSignal,
): Promise<string> {
  const path = `/v1/vaults/${encodeURIComponent(vault)}/decrypt`;
  // From KMS: a key in the enclave's memory would open the record for a while after nothing else can be opened.
  const ask = { fields: [field], reason: 'canary', fresh: true };
  const answer = await callLocalApi(api, 'POST', path, ask, signal);
  if (answer.status !== 200) throw refusalOf(answer);
  const { data } = answer.members;
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, field))
    throw new ApiCallError('no_value');
  return JSON.stringify(new Map(Object.entries(data)).get(field));
}
