// SPDX-License-Identifier: Apache-2.0
import { CONDITIONS } from './conditions.ts';
import { MORE_CONDITIONS } from './conditions-missing.ts';
import { ELEMENTS } from './elements.ts';
import { EVALUATION } from './evaluation.ts';
import { GLOBAL_KEYS } from './global-keys.ts';
import type { Row } from './row.ts';
import { SERVICES } from './services.ts';
import { SETS_AND_VARIABLES } from './sets-and-variables.ts';

export const DOCUMENTED: readonly Row[] = [
  ...CONDITIONS,
  ...MORE_CONDITIONS,
  ...SETS_AND_VARIABLES,
  ...ELEMENTS,
  ...GLOBAL_KEYS,
  ...EVALUATION,
  ...SERVICES,
];
