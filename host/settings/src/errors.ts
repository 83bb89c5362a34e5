// SPDX-License-Identifier: Apache-2.0

/** One thing that is wrong with a configuration. */
export interface Problem {
  /** The setting as the reader of the message gave it: `kms.endpoint`, or `ENCLAVE_VAULT_KMS_ENDPOINT`. */
  readonly setting: string;
  /** What is wanted, or what is wrong; never the value. */
  readonly message: string;
}

/** A configuration that is not usable, with everything that is wrong with it. Quotes no value. */
export class SettingsError extends Error {
  readonly code = 'config_invalid';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ setting, message }) => `${setting} ${message}`).join('; '));
    this.name = 'SettingsError';
    this.problems = problems;
  }
}
