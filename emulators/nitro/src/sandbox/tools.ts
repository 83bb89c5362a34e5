// SPDX-License-Identifier: Apache-2.0
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Programs of the machine that build a sandbox: absolute paths, null where there is none. */
export interface Tools {
  sh: string;
  env: string;
  true: string | null;
  /** These three are util-linux's; probe.ts finds out whether they can do what is asked of them. */
  unshare: string | null;
  setpriv: string | null;
  mount: string | null;
  hostname: string | null;
  ldd: string | null;
}

const SYSTEM_PATH = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** @param path searched before the system's folders; those are left out when it is given as a list */
export function findTools(path: string | readonly string[] = process.env.PATH ?? ''): Tools {
  const folders = typeof path === 'string' ? [...path.split(delimiter), ...SYSTEM_PATH] : path;
  const find = (name: string) =>
    folders
      .filter(isAbsolute)
      .map((folder) => join(folder, name))
      .find(isProgram) ?? null;
  return {
    sh: find('sh') ?? '/bin/sh',
    env: find('env') ?? '/usr/bin/env',
    true: find('true'),
    unshare: find('unshare'),
    setpriv: find('setpriv'),
    mount: find('mount'),
    hostname: find('hostname'),
    ldd: find('ldd'),
  };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
