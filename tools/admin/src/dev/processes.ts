// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { Child, ChildSpec } from './child.ts';

/** @param of the process whose line it is, by whom it was started as, whatever the line says */
export type OnLog = (line: Record<string, unknown>, of: ProcessName) => boolean;

const MAINS = {
  kms: 'emulators/kms/src/main.ts',
  hypervisor: 'emulators/nitro/src/main.ts',
  parent: 'host/parent/src/main.ts',
  api: 'host/api/src/main.ts',
  canary: 'tools/admin/src/canary/main.ts',
} as const;

export type ProcessName = keyof typeof MAINS;
export const PROCESS_NAMES = Object.keys(MAINS) as ProcessName[];

/** How one of the vault's processes is started. `config` is read at each start, so that a restart keeps the ports. */
export function processSpec(root: string, name: ProcessName, config: () => unknown, onLog: OnLog): ChildSpec {
  return { name, main: join(root, MAINS[name]), config, onLog: (line) => onLog(line, name) };
}

export type { Child };
