// SPDX-License-Identifier: Apache-2.0
export { type PolicyInputCode, PolicyInputError } from './errors.ts';
export {
  INTEGRITY_PURPOSE_PREFIX,
  integrityKeyPolicy,
  legacyKeyPolicy,
  REQUEST_PURPOSE,
  requestKeyPolicy,
  vaultKeyPolicy,
} from './keys.ts';
export type {
  ConditionBlock,
  Deployment,
  Measurements,
  OneOrMany,
  PolicyDocument,
  PrincipalElement,
  Roles,
  Statement,
} from './types.ts';
