// SPDX-License-Identifier: Apache-2.0

/** What can go wrong between the parent, its enclaves, the hypervisor and the KMS relay. */
export type ParentErrorCode =
  /** The configuration given at start is not usable. */
  | 'config_invalid'
  /** Nothing listens there, or the connection broke before a whole answer had come. */
  | 'connection_lost'
  /** The peer did not answer in time. */
  | 'timeout'
  /** The peer's answer is larger than we accept. */
  | 'answer_too_large'
  /** The hypervisor refused, or answered in a shape we do not know. */
  | 'hypervisor_refused'
  /** nitro-cli is not there, or may not be run. */
  | 'hypervisor_missing'
  /** The pool of CPUs for enclaves has not as many as asked for. */
  | 'insufficient_cpus'
  /** The pool of memory for enclaves has not as much as asked for. */
  | 'insufficient_memory'
  /** The image needs more memory than asked for. */
  | 'memory_too_small'
  /** A file of the hypervisor's cannot be used: the image, its device, its sockets or its log. */
  | 'hypervisor_file'
  /** The kernel's enclave driver refused. */
  | 'hypervisor_driver'
  /** The image is not one that boots: damaged, wrongly signed, or of another architecture. */
  | 'image_refused'
  /** The enclave was started and did not come up. */
  | 'boot_failed'
  /** The enclave runs in debug mode, where its memory can be read. */
  | 'debug_mode'
  /** The kernel has no vsock, or its port is taken. */
  | 'vsock_unavailable'
  /** The enclave's socket did not appear in time after its launch. */
  | 'boot_timeout'
  /** The enclave refused its configuration. */
  | 'configuration_refused'
  /** The enclave answers, but says that it is not serving. */
  | 'not_serving'
  /** No enclave is healthy now. */
  | 'no_enclave'
  /** More requests are under way than the parent carries at once. */
  | 'busy'
  /** The instance has no credentials that have not expired. */
  | 'no_credentials'
  /** The instance metadata service does not answer. */
  | 'imds_unreachable'
  /** The instance metadata service refuses, or has no role to give. */
  | 'imds_refused'
  /** The instance metadata service answers in a shape we do not know. */
  | 'imds_malformed'
  /** The caller's deadline has passed. */
  | 'deadline_passed'
  /** A program error, which has no code of its own. */
  | 'internal';

export class ParentError extends Error {
  readonly code: ParentErrorCode;
  constructor(code: ParentErrorCode, message: string = code) {
    super(message);
    this.name = 'ParentError';
    this.code = code;
  }
}

/** The stable code of any error; `internal` for those that are not ours. */
export function codeOf(error: unknown): ParentErrorCode {
  return error instanceof ParentError ? error.code : 'internal';
}
