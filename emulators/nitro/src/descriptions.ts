// SPDX-License-Identifier: Apache-2.0
import type { MeasurementsJson } from './measure/measurements.ts';

export interface RunEnclaveOptions {
  /** The image's folder. */
  image: string;
  /** Default: the image's. */
  name?: string;
  cpuCount: number;
  memoryMib: number;
  debugMode?: boolean;
}

/** As `nitro-cli describe-enclaves` prints an enclave, with the folder of its sockets and its isolation added. */
export interface EnclaveDescription {
  readonly EnclaveName: string;
  readonly EnclaveID: string;
  readonly ProcessID: number;
  readonly EnclaveCID: number;
  readonly NumberOfCPUs: number;
  /** Empty: nothing is pinned here. */
  readonly CPUIDs: readonly number[];
  readonly MemoryMiB: number;
  readonly State: 'RUNNING' | 'TERMINATED';
  readonly Flags: 'NONE' | 'DEBUG_MODE';
  readonly Measurements: MeasurementsJson;
  /** Folder of `listen.sock` and `kms.sock`. */
  readonly Sockets: string;
  /** What the kernel says the program is kept from (SPEC.md, "Isolation"). */
  readonly Isolation: readonly string[];
}

export interface Termination {
  readonly EnclaveName: string;
  readonly EnclaveID: string;
  readonly Terminated: true;
}
