// SPDX-License-Identifier: Apache-2.0
import { arnIn } from '../arns.ts';
import { checkHome } from '../check.ts';
import { allow, anyAlias, anyKeys, document } from '../identities.ts';
import { KEY_ADMINISTRATION, KEY_CONTROL } from '../key-common.ts';
import { READING, TABLE_CONTROL } from '../people.ts';
import { restoreAllows } from '../restore.ts';
import type { Home, PolicyDocument } from '../types.ts';

/** An operator: keys' metadata and administration, and reading what watches the vault. */
export function adminBoundary(home: Home): PolicyDocument {
  checkHome(home);
  return document([
    allow('Keys', KEY_ADMINISTRATION, [...anyKeys(home), anyAlias(home)]),
    allow('Reading', READING, '*'),
  ]);
}

/**
 * An emergency: control of keys and table, in every Region of the deployment, and a restore of the table. What it cannot do
 * even then: use a key or touch an item itself, make or change a role. Whoever needs that changes a key policy first, and is seen.
 */
export function breakGlassBoundary(home: Home): PolicyDocument {
  checkHome(home);
  return document([
    allow(
      'Keys',
      [...KEY_ADMINISTRATION, ...KEY_CONTROL, 'kms:UpdatePrimaryRegion'],
      [...anyKeys(home), anyAlias(home)],
    ),
    allow('Table', TABLE_CONTROL, arnIn(home, 'dynamodb', `table/${home.name}-*`, '*')),
    ...restoreAllows(home),
    allow('Reading', READING, '*'),
  ]);
}
