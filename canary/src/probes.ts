// SPDX-License-Identifier: Apache-2.0
import { REQUEST_PURPOSE } from '@enclave-vault/policies';

/** Where a canary sits: behind the KMS endpoint of the vault's VPC, or outside any VPC. */
export type Place = 'inside' | 'outside';

/** What is asked of KMS. All but DescribeKey as dry runs: KMS authorizes, and does nothing. */
export type Operation = 'Decrypt' | 'GenerateDataKey' | 'GenerateDataKeyPairWithoutPlaintext' | 'DescribeKey';

/** ARNs of the keys that are probed. */
export interface ProbedKeys {
  readonly vault: string;
  readonly request: string;
}

/** A request that the key's own policy must refuse, whatever the caller's identity policy allows. */
export interface Probe {
  /** `vault.decrypt`: in logs and documentation. */
  readonly name: string;
  readonly operation: Operation;
  readonly keyId: string;
  /** As the key policy demands it; with another one the refusal would be for the context. */
  readonly context: Readonly<Record<string, string>>;
}

/** A record and a tenant that nobody has. */
const RECORD = { vault_id: 'v_canary', tenant_id: 'canary' };
const REQUEST = { purpose: REQUEST_PURPOSE };

/**
 * The probes of a canary. Each asks for something that only the key policy stands in the way of: its role's identity
 * policy and boundary allow it, and inside the VPC the endpoint's policy does too.
 *
 * Inside: decryption without an attestation document, and making keys, which is the API's alone.
 * Outside: decryption again, and reading the key's metadata. Reading is open to the whole account, so of all Denies it is
 * only those of the network that refuse it: they are seen alone.
 */
export function probesOf(place: Place, keys: ProbedKeys): readonly Probe[] {
  const probe = (key: keyof ProbedKeys, what: string, operation: Operation): Probe => ({
    name: `${key}.${what}`,
    operation,
    keyId: keys[key],
    context: key === 'vault' ? RECORD : REQUEST,
  });
  const decryption = [probe('vault', 'decrypt', 'Decrypt'), probe('request', 'decrypt', 'Decrypt')];
  if (place === 'inside')
    return [
      ...decryption,
      probe('vault', 'make_pair', 'GenerateDataKeyPairWithoutPlaintext'),
      probe('request', 'make_key', 'GenerateDataKey'),
    ];
  return [
    ...decryption,
    probe('vault', 'describe', 'DescribeKey'),
    probe('request', 'describe', 'DescribeKey'),
  ];
}
