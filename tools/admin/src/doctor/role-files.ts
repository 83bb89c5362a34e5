// SPDX-License-Identifier: Apache-2.0
import { basename } from 'node:path';
import { API, type ApiSettings } from '@enclave-vault/api/settings';
import { PARENT, type ParentSettings } from '@enclave-vault/parent/settings';
import type { Deployment } from '@enclave-vault/policies';
import { readConfigFile, readRole, SettingsError, type Source } from '@enclave-vault/settings';
import type { Outcome } from './check.ts';
import { DEPLOYMENT, deploymentOf } from './deployment-role.ts';

/** What the role files say, and how they read. */
export interface RoleFiles {
  readonly api?: ApiSettings;
  readonly parent?: ParentSettings;
  readonly deployment?: Deployment;
  readonly outcomes: readonly Outcome[];
}

export type RoleName = 'api' | 'parent' | 'deployment';

type Values = { api?: ApiSettings; parent?: ParentSettings; deployment?: Deployment };

const READERS: Readonly<Record<RoleName, (source: Source) => Values>> = {
  api: (source) => ({ api: readRole(API, source) }),
  parent: (source) => ({ parent: readRole(PARENT, source) }),
  deployment: (source) => ({ deployment: deploymentOf(readRole(DEPLOYMENT, source)) }),
};
const NAMES = Object.keys(READERS) as RoleName[];

/**
 * Reads each file as the role that knows the most of its members, and of several as the one with the fewest problems. A file that cannot be read is a finding, and what
 * the others say is still looked at.
 * @param shell the role whose variables this shell's environment holds, if any
 */
export function readRoleFiles(
  paths: readonly string[],
  shell: RoleName | undefined,
  env: Source['env'],
): RoleFiles {
  const values: Values = {};
  const outcomes: Outcome[] = [];
  const sources: { name: string; file?: unknown; roles: readonly RoleName[] }[] = [];
  for (const path of paths) {
    try {
      sources.push({ name: basename(path), file: readConfigFile(path), roles: NAMES });
    } catch (error) {
      outcomes.push({ of: basename(path), status: 'fail', seen: unreadable(error) });
    }
  }
  if (shell !== undefined && sources.every(({ file }) => nearest(file) !== shell))
    sources.push({ name: 'environment', roles: [shell] });
  for (const { name, file, roles } of sources) {
    const role = roles.length === 1 ? (roles[0] ?? 'api') : nearest(file);
    const source = { ...(file === undefined ? {} : { file }), env: role === shell ? env : {} };
    const read = attempt(role, source);
    if (Array.isArray(read))
      outcomes.push({ of: `${name} (${role})`, status: 'fail', seen: read.join('; ') });
    else if (values[role] !== undefined)
      outcomes.push({ of: `${name} (${role})`, status: 'fail', seen: 'a second file of this role' });
    else {
      Object.assign(values, read);
      outcomes.push({ of: `${name} (${role})`, status: 'ok', seen: 'every setting reads' });
    }
  }
  return { ...values, outcomes };
}

/** The role that a file is most likely of. */
function nearest(file: unknown): RoleName {
  const ranked = NAMES.map((role) => {
    const read = attempt(role, { file, env: {} });
    const problems = Array.isArray(read) ? read : [];
    return {
      role,
      problems: problems.length,
      unknown: problems.filter((problem) => problem.includes(' is unknown')).length,
    };
  });
  return ranked.toSorted((a, b) => a.unknown - b.unknown || a.problems - b.problems)[0]?.role ?? 'api';
}

/** It is named beside this, so the variable that might have named it is left out. */
function unreadable(error: unknown): string {
  if (!(error instanceof SettingsError)) throw error;
  return error.problems.map(({ message }) => message.replace('names a file that ', '')).join('; ');
}

function attempt(role: RoleName, source: Source): Values | string[] {
  try {
    return READERS[role](source);
  } catch (error) {
    return problemsOf(error);
  }
}

function problemsOf(error: unknown): string[] {
  if (!(error instanceof SettingsError)) throw error;
  return error.problems.map(({ setting, message }) => `${setting} ${message}`);
}
