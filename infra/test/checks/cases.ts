// SPDX-License-Identifier: Apache-2.0

import type { Case } from './cases/case.ts';
import { CODE_CASES } from './cases/code.ts';
import { CONTENTS_CASES } from './cases/contents.ts';
import { HIDDEN_CASES } from './cases/hidden.ts';
import { NETWORK_CASES } from './cases/network.ts';
import { POLICIES_CASES } from './cases/policies.ts';
import { STORAGE_CASES } from './cases/storage.ts';

/** What must be refused, and by which check. */
export const CASES: readonly Case[] = [
  ...HIDDEN_CASES,
  ...CODE_CASES,
  ...POLICIES_CASES,
  ...STORAGE_CASES,
  ...NETWORK_CASES,
  ...CONTENTS_CASES,
];
