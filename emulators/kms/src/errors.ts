// SPDX-License-Identifier: Apache-2.0

/** Names of AWS errors the emulator answers with: KMS's own and those every AWS JSON service has. */
export type AwsErrorName =
  | 'AccessDeniedException'
  | 'AlreadyExistsException'
  | 'DisabledException'
  | 'DryRunOperationException'
  | 'IncompleteSignatureException'
  | 'IncorrectKeyException'
  | 'InvalidAliasNameException'
  | 'InvalidArnException'
  | 'InvalidCiphertextException'
  | 'InvalidKeyUsageException'
  | 'InvalidMarkerException'
  | 'InvalidSignatureException'
  | 'KMSInternalException'
  | 'KMSInvalidSignatureException'
  | 'KMSInvalidStateException'
  | 'LimitExceededException'
  | 'MalformedPolicyDocumentException'
  | 'MissingAuthenticationTokenException'
  | 'NotFoundException'
  | 'RequestEntityTooLargeException'
  | 'SerializationException'
  | 'TagException'
  | 'ThrottlingException'
  | 'UnknownOperationException'
  | 'UnrecognizedClientException'
  | 'UnsupportedOperationException'
  | 'ValidationException';

/** KMS answers every refusal with 400 (also AccessDeniedException) and its own faults with 500. */
const STATUS: Partial<Record<AwsErrorName, number>> = {
  KMSInternalException: 500,
  RequestEntityTooLargeException: 413,
};

/** An answer other than success, as the caller sees it. Messages carry no value of a request but key ARNs and names. */
export class KmsError extends Error {
  override readonly name = 'KmsError';
  /** The AWS error name, `__type` of the answer. */
  readonly code: AwsErrorName;
  readonly status: number;
  /** For the log on stderr only: which statement, register or check decided. */
  readonly explanation: Readonly<Record<string, unknown>> | undefined;

  constructor(code: AwsErrorName, message: string, explanation?: Readonly<Record<string, unknown>>) {
    super(message);
    this.code = code;
    this.status = STATUS[code] ?? 400;
    this.explanation = explanation;
  }
}

export type StartErrorCode =
  | 'invalid_config'
  | 'state_unreadable'
  | 'state_corrupt'
  | 'state_exposed'
  | 'state_mismatch'
  | 'state_changed'
  | 'passphrase_wrong'
  | 'passphrase_missing'
  | 'passphrase_unexpected';

/** Why the emulator does not start, or (state_changed) does not write its state file. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly code: StartErrorCode;

  constructor(code: StartErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
