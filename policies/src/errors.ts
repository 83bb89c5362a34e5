// SPDX-License-Identifier: Apache-2.0

/** Why a document was not built. A policy from a doubtful input is worse than none. */
export type PolicyInputCode = 'invalid_deployment' | 'invalid_measurements' | 'invalid_key';

/** Thrown when the input of a document would make it say something else than meant (wildcards, empty lists, …). */
export class PolicyInputError extends Error {
  override readonly name = 'PolicyInputError';
  readonly code: PolicyInputCode;

  constructor(code: PolicyInputCode, message: string) {
    super(message);
    this.code = code;
  }
}
