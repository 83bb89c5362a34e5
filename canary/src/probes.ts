// SPDX-License-Identifier: Apache-2.0
import { REQUEST_PURPOSE } from '@enclave-vault/policies';

/**
 * Where a canary sits: behind the KMS endpoint of the vault's VPC, outside any VPC, in the parent with the instance's
 * role, or beside a vault on one machine.
 */
export type Place = 'inside' | 'outside' | 'parent' | 'local';

/** What is asked of KMS. All but DescribeKey as dry runs: KMS authorizes, and does nothing. */
export type Operation = 'Decrypt' | 'GenerateDataKey' | 'GenerateDataKeyPairWithoutPlaintext' | 'DescribeKey';

/** ARNs of the keys that are probed. */
export interface ProbedKeys {
  readonly vault: string;
  readonly request: string;
  /** Keys that wrapped the private keys of imported records, without an encryption context; those with the vault's policy for them. */
  readonly legacy?: readonly string[];
}

/** A request that the key's own policy must refuse, whatever the caller's identity policy allows. */
export interface Probe {
  /** `vault.decrypt`: in logs and documentation. */
  readonly name: string;
  readonly operation: Operation;
  readonly keyId: string;
  /** As the key policy demands it; with another one the refusal would be for the context. Undefined: none. */
  readonly context: Readonly<Record<string, string>> | undefined;
  /** What to decrypt: a wrapped private key as it is stored. Without it KMS is told to ignore the ciphertext. */
  readonly ciphertext?: Uint8Array;
}

/** A record and a tenant that nobody has. */
const RECORD = { vault_id: 'v_canary', tenant_id: 'canary' };
const REQUEST = { purpose: REQUEST_PURPOSE };

/**
 * The probes of a canary. Each asks for something that only the key policy stands in the way of: its role's identity
 * policy and boundary allow it, and inside the VPC the endpoint's policy does too.
 *
 * Everywhere: decryption without an attestation document. The parent's role is the one that the key policy lets decrypt, so
 * that there the Denies of attestation refuse it, and nothing else: they are seen alone.
 * Inside and beside a local vault: making keys as well, which is the API's alone.
 * Outside: reading the key's metadata as well. Reading is open to the whole account, so of all Denies it is only those of
 * the network that refuse it: they are seen alone.
 */
export function probesOf(place: Place, keys: ProbedKeys): readonly Probe[] {
  const decryption: readonly Probe[] = [
    { name: 'vault.decrypt', operation: 'Decrypt', keyId: keys.vault, context: RECORD },
    { name: 'request.decrypt', operation: 'Decrypt', keyId: keys.request, context: REQUEST },
    ...(keys.legacy ?? []).map(
      (keyId, index): Probe => ({
        name: `legacy-${index + 1}.decrypt`,
        operation: 'Decrypt',
        keyId,
        context: undefined,
      }),
    ),
  ];
  switch (place) {
    case 'parent':
      return decryption;
    case 'inside':
    case 'local':
      return [...decryption, ...making(keys)];
    case 'outside':
      return [...decryption, ...reading(keys)];
  }
}

function making({ vault, request }: ProbedKeys): readonly Probe[] {
  return [
    {
      name: 'vault.make_pair',
      operation: 'GenerateDataKeyPairWithoutPlaintext',
      keyId: vault,
      context: RECORD,
    },
    { name: 'request.make_key', operation: 'GenerateDataKey', keyId: request, context: REQUEST },
  ];
}

function reading({ vault, request, legacy = [] }: ProbedKeys): readonly Probe[] {
  const describe = (name: string, keyId: string): Probe => ({
    name: `${name}.describe`,
    operation: 'DescribeKey',
    keyId,
    context: undefined,
  });
  return [
    describe('vault', vault),
    describe('request', request),
    ...legacy.map((keyId, index) => describe(`legacy-${index + 1}`, keyId)),
  ];
}
