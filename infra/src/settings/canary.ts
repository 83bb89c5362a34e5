// SPDX-License-Identifier: Apache-2.0
import { type Measurements, type PolicyDocument, tablePolicy } from '@enclave-vault/policies';
import type { StageContext } from '../stage.ts';
import { vaultKeys } from '../stages/keys/vault-keys.ts';
import { NETWORK } from '../stages/network.ts';

/** Name of the file in the archive of the canary inside, and what its function is told of it. */
export const MANIFEST_FILE = 'manifest.json';
export const MANIFEST_PLACE = `/var/task/${MANIFEST_FILE}`;

/** The policies that the canary compares, by the names that its readings have. */
export interface ComparedPolicies<T> {
  readonly vault: T;
  readonly request: T;
  readonly integrity: T;
  readonly table: T;
}

/**
 * What a deployment writes into the policies of its keys and its table.
 * @param measurements null: nobody decrypts
 * @throws {InfraError} `output_missing` before the network is there
 */
export function comparedPolicies(
  { deployment, names, outputs }: Pick<StageContext, 'deployment' | 'names' | 'outputs'>,
  measurements: Measurements | null,
): ComparedPolicies<PolicyDocument> {
  const place = deployment();
  const { vault, request, integrity } = vaultKeys(place, measurements);
  const endpointId = outputs(NETWORK).DynamoDbEndpointId;
  return {
    vault: vault.policy,
    request: request.policy,
    integrity: integrity.policy,
    table: tablePolicy(place, { table: names.table, endpointId }),
  };
}

/**
 * The manifest that the canary compares with: for each policy the states in which it may be. One, but while a deployment
 * changes policies. It lies beside the code, below AWS Signer's signature: whoever may write a key policy cannot write it.
 * @param states at least one
 */
export function canaryManifest(states: readonly ComparedPolicies<object>[]): string {
  const of = (name: keyof ComparedPolicies<unknown>): readonly object[] => {
    const texts = new Set(states.map((state) => JSON.stringify(state[name])));
    return [...texts].map((text) => JSON.parse(text) as object);
  };
  const policies: ComparedPolicies<readonly object[]> = {
    vault: of('vault'),
    request: of('request'),
    integrity: of('integrity'),
    table: of('table'),
  };
  return `${JSON.stringify({ version: 1, policies })}\n`;
}
