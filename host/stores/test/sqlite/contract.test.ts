// SPDX-License-Identifier: Apache-2.0
import { SqliteStore } from '../../src/index.ts';
import { storeContract } from '../contract.ts';
import { temporaryPaths } from '../temporary.ts';

const path = temporaryPaths();
storeContract('SQLite', async () => SqliteStore.open(path('vault.db')));
