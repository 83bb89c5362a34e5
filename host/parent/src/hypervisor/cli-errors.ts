// SPDX-License-Identifier: Apache-2.0
import type { ParentErrorCode } from '../errors.ts';

interface Meaning {
  readonly code: ParentErrorCode;
  /** What to look at, for the log. */
  readonly hint: string;
}

const POOL = '/etc/nitro_enclaves/allocator.yaml';
const CPUS: Meaning = {
  code: 'insufficient_cpus',
  hint: `raise cpu_count in ${POOL} and restart nitro-enclaves-allocator, or run fewer or smaller enclaves; a core's two threads count together`,
};
const MEMORY: Meaning = {
  code: 'insufficient_memory',
  hint: `raise memory_mib in ${POOL} and restart nitro-enclaves-allocator, best at boot while memory is not yet fragmented`,
};
const DRIVER: Meaning = {
  code: 'hypervisor_driver',
  hint: 'is the instance launched with Nitro Enclaves enabled? see the error log and dmesg',
};
const IMAGE: Meaning = {
  code: 'image_refused',
  hint: 'is the EIF whole, built for this architecture, and its signing certificate valid?',
};
const PROCESS: Meaning = {
  code: 'hypervisor_refused',
  hint: 'a process of nitro-cli failed: see the error log; memory, threads or descriptors may have run out',
};

/** Error codes of nitro-cli (Nitro Enclaves User Guide, "Nitro Enclaves CLI error codes"; the tool's own table). */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  E01: { code: 'hypervisor_refused', hint: 'this nitro-cli wants an argument that the parent does not give' },
  E02: { code: 'hypervisor_refused', hint: 'this nitro-cli takes other arguments than the parent gives' },
  E03: { code: 'hypervisor_refused', hint: 'this nitro-cli takes other arguments than the parent gives' },
  E07: { code: 'hypervisor_file', hint: '/run/nitro_enclaves must be there and open to group ne' },
  E14: { code: 'hypervisor_refused', hint: 'this nitro-cli does not know the command' },
  E18: { code: 'hypervisor_file', hint: '/var/log/nitro_enclaves must be open to group ne' },
  E19: {
    code: 'hypervisor_file',
    hint: 'the EIF, or /dev/nitro_enclaves: is the user in group ne, and Nitro Enclaves enabled on the instance?',
  },
  E20: CPUS,
  E21: CPUS,
  E22: CPUS,
  E23: CPUS,
  E24: CPUS,
  E25: MEMORY,
  E26: {
    code: 'memory_too_small',
    hint: 'give each enclave more memory: an image needs four times its size',
  },
  E27: MEMORY,
  E28: DRIVER,
  E29: DRIVER,
  E30: DRIVER,
  E31: MEMORY,
  E32: DRIVER,
  E33: DRIVER,
  E34: IMAGE,
  E35: { code: 'image_refused', hint: `the EIF is damaged, or huge pages are missing: see ${POOL}` },
  E36: {
    code: 'boot_failed',
    hint: 'the enclave ended at once: wrong architecture, a certificate that has expired, or a program that exits; another launch at the same moment does it too',
  },
  E42: MEMORY,
  E43: MEMORY,
  E51: { code: 'hypervisor_file', hint: 'NITRO_CLI_ARTIFACTS is not set' },
  E52: { code: 'hypervisor_file', hint: 'NITRO_CLI_BLOBS is not set' },
  E53: { code: 'hypervisor_refused', hint: "the instance's clock is wrong" },
  E56: { code: 'hypervisor_file', hint: '/var/log/nitro_enclaves must be open to group ne' },
  E59: IMAGE,
};

export interface CliFailure extends Meaning {
  /** Its own code, such as E27; null when it gave none. */
  readonly cliCode: string | null;
  /** The file with its backtrace. */
  readonly errorLog: string | null;
  /** The file of an E19. */
  readonly file: string | null;
  /** Of an E26: the least memory, in MiB. */
  readonly neededMib: number | null;
}

/**
 * What nitro-cli's standard error says. The first code is the cause; the E39 that follows it only says that the enclave's process is
 * gone. Nothing else of the text is kept.
 */
export function readCliFailure(stderr: string): CliFailure {
  const cliCode = /\[ (E\d{2}) \]/.exec(stderr)?.[1] ?? null;
  const needed = /minimum memory should be (\d{1,7}) /.exec(stderr)?.[1];
  return {
    ...((cliCode === null ? undefined : MEANINGS[cliCode]) ?? PROCESS),
    cliCode,
    errorLog: /error log found at "([^"\n]{1,300})"/.exec(stderr)?.[1] ?? null,
    file: /File: '([^'\n]{1,300})'/.exec(stderr)?.[1] ?? null,
    neededMib: needed === undefined ? null : Number(needed),
  };
}
