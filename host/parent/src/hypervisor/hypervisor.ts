// SPDX-License-Identifier: Apache-2.0

export interface RunEnclave {
  /** The folder (emulated) or the EIF (Nitro) of the image. */
  image: string;
  name: string;
  cpuCount: number;
  memoryMib: number;
}

/** What the parent needs to know of one running enclave; names as nitro-cli prints them. */
export interface EnclaveDescription {
  EnclaveName: string;
  EnclaveID: string;
  /** Its address on vsock. */
  EnclaveCID: number;
  State: string;
  /** NONE, or DEBUG_MODE. */
  Flags: string;
  /** Register name (PCR0, …) to lower-case hex, and HashAlgorithm. Empty until they are computed. */
  Measurements: Readonly<Record<string, string>>;
  /** The folder of `listen.sock` and `kms.sock`, where enclaves have unix sockets; null on Nitro. */
  Sockets: string | null;
}

/** Launches and ends enclaves. Every rejection is a ParentError. */
export interface Hypervisor {
  /** Resolves when the enclave has booted; its program may need a moment more. An aborted launch may leave an enclave behind. */
  run(options: RunEnclave, signal?: AbortSignal): Promise<EnclaveDescription>;
  describe(): Promise<EnclaveDescription[]>;
  terminate(enclaveId: string, timeoutMs?: number): Promise<void>;
  close(): void;
}
