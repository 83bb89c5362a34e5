// SPDX-License-Identifier: Apache-2.0
import { dataKeyPolicy, type Home } from '@enclave-vault/policies';
import type { Names } from '../../names.ts';
import type { KeyKind } from '../keys/customer-key.ts';

/** The key of the table and of the log of audit heads, as it is in every Region. */
export function dataKey(
  home: Home,
  { table, logGroups }: Names,
): Pick<KeyKind, 'alias' | 'description' | 'policy'> {
  return {
    alias: `${home.name}/data`,
    description: 'Encrypts the table of records and the log of audit heads',
    policy: dataKeyPolicy(home, table, logGroups.auditHeads),
  };
}
