// SPDX-License-Identifier: Apache-2.0
import { nativeFile } from '../native-files.ts';

/** Run from its sources: the addon that npm installed for this machine; null where koffi has none or npm left it out. */
export function koffiFile(): string | null {
  const { platform, arch } = process;
  if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) return null;
  return nativeFile(arch)?.path ?? null;
}
