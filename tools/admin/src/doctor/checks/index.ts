// SPDX-License-Identifier: Apache-2.0
import type { Check } from '../check.ts';
import { clock } from './clock.ts';
import { credentials } from './credentials.ts';
import { enclaveAttestation, parent } from './enclave.ts';
import { keyPolicies } from './key-policies.ts';
import { kmsKeys } from './keys.ts';
import { keyUses, unattestedDecrypt } from './probes.ts';
import { configuration, nodeVersion } from './runtime.ts';
import { auditSink, table } from './store.ts';

/** All checks, in the order of the report. */
export const CHECKS: readonly Check[] = [
  configuration,
  nodeVersion,
  clock,
  credentials,
  kmsKeys,
  keyPolicies,
  unattestedDecrypt,
  keyUses,
  table,
  auditSink,
  parent,
  enclaveAttestation,
];
