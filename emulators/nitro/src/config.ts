// SPDX-License-Identifier: Apache-2.0
import { isAbsolute } from 'node:path';
import { NitroError } from './errors.ts';
import type { HypervisorOptions } from './hypervisor.ts';

export interface ProcessConfig extends HypervisorOptions {
  controlSocket: string;
}

const KNOWN = [
  'stateFile',
  'runDirectory',
  'controlSocket',
  'roleArn',
  'instanceId',
  'node',
  'region',
  'requireIsolation',
];

/** @throws NitroError `config_invalid`, naming the member */
export function parseConfig(value: unknown): ProcessConfig {
  if (typeof value !== 'object' || value === null) throw refused('not an object');
  const config = value as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(config)) if (!KNOWN.includes(name)) throw refused(`${name}: not known`);
  const { stateFile, region, requireIsolation } = config;
  return {
    stateFile: stateFile === null ? null : path(config, 'stateFile'),
    runDirectory: path(config, 'runDirectory'),
    controlSocket: path(config, 'controlSocket'),
    roleArn: matching(config, 'roleArn', /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/),
    instanceId: matching(config, 'instanceId', /^i-[0-9a-f]{8,17}$/),
    node: path(config, 'node'),
    ...(region === undefined ? {} : { region: matching(config, 'region', /^[a-z0-9-]{1,32}$/) }),
    ...(requireIsolation === undefined ? {} : { requireIsolation: names(requireIsolation) }),
  };
}

function path(config: Readonly<Record<string, unknown>>, name: string): string {
  const value = config[name];
  if (typeof value !== 'string' || !isAbsolute(value)) throw refused(`${name}: not an absolute path`);
  return value;
}

function matching(config: Readonly<Record<string, unknown>>, name: string, pattern: RegExp): string {
  const value = config[name];
  if (typeof value !== 'string' || !pattern.test(value)) throw refused(`${name}: not of the right form`);
  return value;
}

function names(value: unknown): string[] {
  const valid = Array.isArray(value) && value.every((name) => typeof name === 'string');
  if (!valid) throw refused('requireIsolation: not a list of names');
  return value;
}

function refused(what: string): NitroError {
  return new NitroError('config_invalid', what);
}
