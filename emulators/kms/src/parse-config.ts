// SPDX-License-Identifier: Apache-2.0
import { type PolicyDocument, type PolicyKind, validatePolicy } from '@enclave-vault/emulator-iam';
import type {
  KmsEmulatorConfig,
  ListenerConfig,
  NetworkConfig,
  PrincipalConfig,
  QuotaConfig,
} from './config.ts';
import { StartError } from './errors.ts';

type Reader<T> = (value: unknown, path: string) => T;

/**
 * Checks a configuration as it comes from JSON. Unknown members are refused: a misspelt one would silently not hold.
 * @throws {StartError} invalid_config, with the member's path and never its value
 */
export function parseConfig(value: unknown): KmsEmulatorConfig {
  return members<KmsEmulatorConfig>(value, 'config', {
    partition: optional(matching(/^aws(-[a-z]+)*$/)),
    region: matching(/^[a-z]{2,}(-[a-z0-9]+)+$/),
    account: matching(/^[0-9]{12}$/),
    stateFile: nullable(text),
    passphrase: optional(text),
    eventLog: optional(nullable(text)),
    attestationRoots: list(text),
    principals,
    listeners: list(listener),
    otherPrincipals: optional(list(matching(/^arn:/))),
    hostnames: optional(list(matching(/^[a-z0-9.-]{1,253}$/))),
    latencyMs: optional(integer(0, 60_000)),
    quotas: optional(quotas),
  });
}

function principals(value: unknown, path: string): PrincipalConfig[] {
  const all = list(principal)(value, path);
  if (new Set(all.map(({ accessKeyId }) => accessKeyId)).size !== all.length) {
    throw invalid(path, 'must have an access key of its own each');
  }
  return all;
}

function principal(value: unknown, path: string): PrincipalConfig {
  return members<PrincipalConfig>(value, path, {
    arn: matching(/^arn:[a-z-]+:(iam|sts)::[0-9]{12}:(root|(user|role|assumed-role)\/[\w+=,.@/-]+)$/),
    accessKeyId: matching(/^[A-Z0-9]{16,128}$/),
    secretAccessKey: text,
    sessionToken: optional(text),
    tags: optional(tags),
    identityPolicies: list(policy('identity')),
    boundary: optional(policy('boundary')),
  });
}

function listener(value: unknown, path: string): ListenerConfig {
  return members<ListenerConfig>(value, path, {
    host: text,
    port: integer(0, 65_535),
    network: nullable(network),
  });
}

function network(value: unknown, path: string): NetworkConfig {
  return members<NetworkConfig>(value, path, {
    sourceVpc: optional(text),
    sourceVpce: optional(text),
    endpointPolicy: optional(policy('endpoint')),
  });
}

function quotas(value: unknown, path: string): QuotaConfig {
  const rate = optional(integer(1, 1_000_000));
  return members<QuotaConfig>(value, path, { symmetric: rate, keyPairs: rate });
}

function policy(kind: PolicyKind): Reader<PolicyDocument> {
  return (value, path) => {
    const [problem] = validatePolicy(value, kind);
    if (problem !== undefined) throw invalid(`${path}: ${problem.path}`, problem.message);
    return value as PolicyDocument;
  };
}

function tags(value: unknown, path: string): Record<string, string> {
  const pairs = Object.entries(object(value, path));
  return Object.fromEntries(pairs.map(([key, tag]) => [key, string(tag, `${path}.${key}`)]));
}

/** Reads the members of T, all of which need a reader. Those that read as undefined are left out. */
function members<T>(
  value: unknown,
  path: string,
  readers: { [K in keyof T]-?: Reader<T[K] | (object extends Pick<T, K> ? undefined : never)> },
): T {
  const source = object(value, path);
  const unknown = Object.keys(source).find((key) => !Object.hasOwn(readers, key));
  if (unknown !== undefined) throw invalid(`${path}.${unknown}`, 'is not known');
  const result: Partial<T> = {};
  for (const key of Object.keys(readers) as (keyof T & string)[]) {
    const member = readers[key](source[key], `${path}.${key}`);
    if (member !== undefined) result[key] = member;
  }
  return result as T;
}

function optional<T>(reader: Reader<T>): Reader<T | undefined> {
  return (value, path) => (value === undefined ? undefined : reader(value, path));
}

function nullable<T>(reader: Reader<T>): Reader<T | null> {
  return (value, path) => (value === null ? null : reader(value, path));
}

function list<T>(reader: Reader<T>): Reader<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw invalid(path, 'must be a list');
    return value.map((item, index) => reader(item, `${path}[${index}]`));
  };
}

function integer(min: number, max: number): Reader<number> {
  return (value, path) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    throw invalid(path, `must be an integer from ${min} to ${max}`);
  };
}

function matching(pattern: RegExp): Reader<string> {
  return (value, path) => {
    if (pattern.test(string(value, path))) return value as string;
    throw invalid(path, `must match ${pattern.source}`);
  };
}

function text(value: unknown, path: string): string {
  if (string(value, path) === '') throw invalid(path, 'must not be empty');
  return value as string;
}

function string(value: unknown, path: string): string {
  if (typeof value !== 'string') throw invalid(path, 'must be a string');
  return value;
}

function object(value: unknown, path: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw invalid(path, 'must be an object');
}

function invalid(path: string, problem: string): StartError {
  return new StartError('invalid_config', `${path} ${problem}`);
}
