// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { validatePolicy } from '../../emulators/iam/src/index.ts';
import {
  channelKeyPolicy,
  integrityKeyPolicy,
  legacyKeyPolicy,
  type PolicyDocument,
  requestKeyPolicy,
  vaultKeyPolicy,
} from '../src/index.ts';
import { type Cell, INTEGRITY_CELLS, LEGACY_CELLS, REQUEST_CELLS, unmeasured, VAULT_CELLS } from './cells.ts';
import { channelCells } from './channel-cells.ts';
import { expected, judge, keyed, MODES } from './judge.ts';
import { mutants, noticed } from './mutants.ts';
import { DEPLOYMENT, KEYS, MEASUREMENTS } from './support.ts';

interface Key {
  readonly name: string;
  readonly arn: string;
  readonly policy: PolicyDocument;
  readonly cells: readonly Cell[];
  /** Mutants that change no answer, each with its reason. */
  readonly survivors: Readonly<Record<string, string>>;
}

const [legacy = ''] = KEYS.legacy ?? [];
const doubled = 'the Deny for all others holds without it; it spares the reader a surprise';
const NARROWING = {
  'AllowDeploymentControl: without ArnEquals aws:PrincipalArn': doubled,
  'AllowBreakGlassControl: without ArnEquals aws:PrincipalArn': doubled,
};
const ENCLAVE = { ...NARROWING, 'AllowEnclaveDecrypt: without ArnEquals aws:PrincipalArn': doubled };
const SHUT = 'nothing decrypts yet, so nothing of kms:Decrypt is seen';

const KEYED: readonly Key[] = [
  {
    name: 'vault key',
    arn: KEYS.vault,
    policy: vaultKeyPolicy(DEPLOYMENT, MEASUREMENTS),
    cells: VAULT_CELLS,
    survivors: { ...ENCLAVE, 'AllowApiKeyPairs: without ArnEquals aws:PrincipalArn': doubled },
  },
  {
    name: 'vault key before measurements',
    arn: KEYS.vault,
    policy: vaultKeyPolicy(DEPLOYMENT, null),
    cells: unmeasured(VAULT_CELLS),
    survivors: {
      ...ENCLAVE,
      'AllowApiKeyPairs: without ArnEquals aws:PrincipalArn': doubled,
      'AllowEnclaveDecrypt: removed': SHUT,
      'DenyDecryptByOthers: removed': SHUT,
      'DenyDecryptByOthers: without ArnNotEquals aws:PrincipalArn': SHUT,
      'DenyWithoutVaultId: without action kms:Decrypt': SHUT,
      'DenyWithoutTenantId: without action kms:Decrypt': SHUT,
      'DenyOtherContext: without action kms:Decrypt': SHUT,
    },
  },
  {
    name: 'request key',
    arn: KEYS.request,
    policy: requestKeyPolicy(DEPLOYMENT, MEASUREMENTS),
    cells: REQUEST_CELLS,
    survivors: { ...ENCLAVE, 'AllowApiDataKeys: without ArnEquals aws:PrincipalArn': doubled },
  },
  {
    name: 'integrity key',
    arn: KEYS.integrity,
    policy: integrityKeyPolicy(DEPLOYMENT),
    cells: INTEGRITY_CELLS,
    survivors: { ...NARROWING, 'AllowApiUse: without ArnEquals aws:PrincipalArn': doubled },
  },
  {
    name: 'legacy key',
    arn: legacy,
    policy: legacyKeyPolicy(DEPLOYMENT, MEASUREMENTS),
    cells: LEGACY_CELLS,
    survivors: ENCLAVE,
  },
  ...(['server', 'client'] as const).map((side) => ({
    name: `channel ${side} key`,
    arn: (side === 'server' ? KEYS.channelServer : KEYS.channelClient) ?? '',
    policy: channelKeyPolicy(DEPLOYMENT, side),
    cells: channelCells(side === 'server' ? 'instance' : 'api'),
    survivors: { ...NARROWING, 'AllowSign: without ArnEquals aws:PrincipalArn': doubled },
  })),
];

describe.each(KEYED)('$name', ({ arn, policy, cells, survivors }) => {
  it('is a policy that KMS takes', () => {
    expect(validatePolicy(policy, 'kms-key')).toEqual([]);
    expect(validatePolicy(JSON.parse(JSON.stringify(policy)), 'kms-key')).toEqual([]);
  });

  it.each(MODES)('answers every request of the matrix, against: %s', (mode) => {
    const documents = keyed(policy);
    const answer = (cell: Cell, result: string): string =>
      `${cell.who} ${cell.place} ${cell.action} ${JSON.stringify(cell.context)} -> ${result} (${cell.why})`;
    const found = cells.map((cell) => answer(cell, judge(cell, arn, documents, mode)));
    expect(found).toEqual(cells.map((cell) => answer(cell, expected(cell, mode))));
  });

  it('has nothing that the matrix would not miss', () => {
    const all = mutants(policy);
    const alive = all.filter((mutant) => !noticed(mutant.policy, arn, cells)).map(({ what }) => what);
    console.info(`${policy.Id}: ${all.length - alive.length} of ${all.length} mutants noticed`);
    expect(alive.toSorted()).toEqual(Object.keys(survivors).toSorted());
  });
});
