// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { Child, ChildSpec } from './child.ts';

/** @param of the process whose line it is, by whom it was started as, whatever the line says */
export type OnLog = (line: Line, of: ProcessName) => boolean;
type Line = Record<string, unknown>;

const MAINS = {
  kms: 'emulators/kms/src/main.ts',
  hypervisor: 'emulators/nitro/src/main.ts',
  parent: 'host/parent/src/main.ts',
  api: 'host/api/src/main.ts',
  canary: 'tools/admin/src/canary/main.ts',
} as const;

/** `api-2` and so on are the API's further processes. */
export type ProcessName = keyof typeof MAINS | `api-${number}`;

/**
 * How one of the vault's processes is started. `config` is read at each start, so that a restart keeps the ports.
 * @param profile folder for a CPU profile of it
 */
export function processSpec(
  root: string,
  name: ProcessName,
  config: () => unknown,
  onLog: OnLog,
  profile?: string,
): ChildSpec {
  const main = MAINS[name in MAINS ? (name as keyof typeof MAINS) : 'api'];
  const spec = { name, main: join(root, main), config, onLog: (line: Line) => onLog(line, name) };
  if (profile === undefined) return spec;
  return {
    ...spec,
    nodeFlags: ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${name}.cpuprofile`],
  };
}

export type { Child };
