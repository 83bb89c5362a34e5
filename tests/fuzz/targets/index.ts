// SPDX-License-Identifier: Apache-2.0
import type { Target } from '../target.ts';
import { attestation } from './attestation.ts';
import { codec } from './codec.ts';
import { eif } from './eif.ts';
import { enclave } from './enclave.ts';
import { expressions } from './expressions.ts';
import { hpke } from './hpke.ts';
import { linux } from './linux.ts';
import { protocol } from './protocol.ts';
import { records } from './records.ts';
import { release } from './release.ts';

/** Every parser of trusted/ and verifier/; targets.test.ts holds the list to what they export. */
export const TARGETS: readonly Target[] = [
  ...codec,
  ...protocol,
  ...records,
  ...expressions,
  ...hpke,
  ...linux,
  ...enclave,
  ...attestation,
  ...eif,
  ...release,
];
