// SPDX-License-Identifier: Apache-2.0

/**
 * What the hypervisor refuses, by stable code, with the code of nitro-cli that its user would have seen
 * (aws-nitro-enclaves-cli, "NitroCliErrorEnum") and the status of the control API.
 */
const CODES = {
  missing_argument: ['E01', 400],
  invalid_argument: ['E03', 400],
  spawn_failed: ['E05', 500],
  invalid_command: ['E14', 404],
  malformed_request: ['E17', 400],
  image_unreadable: ['E19', 400],
  insufficient_memory: ['E26', 400],
  image_invalid: ['E35', 400],
  image_changed: ['E35', 500],
  boot_failed: ['E36', 500],
  isolation_not_reached: ['E36', 500],
  enclave_not_found: ['E39', 404],
  invalid_name: ['E58', 400],
  config_invalid: ['E00', 500],
  state_invalid: ['E00', 500],
  state_permissions: ['E18', 500],
  control_socket_in_use: ['E11', 500],
  closed: ['E00', 503],
} as const satisfies Record<string, readonly [cli: string, status: number]>;

export type NitroErrorCode = keyof typeof CODES;

/** The one error of this package. Its message names arguments and files of the image, never contents. */
export class NitroError extends Error {
  override readonly name = 'NitroError';
  readonly code: NitroErrorCode;

  constructor(code: NitroErrorCode, message: string = code, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** `E00` to `E58`, as nitro-cli prints it. */
  get cliCode(): string {
    return CODES[this.code][0];
  }

  /** HTTP status of the control API. */
  get status(): number {
    return CODES[this.code][1];
  }
}
