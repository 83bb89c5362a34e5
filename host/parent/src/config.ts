// SPDX-License-Identifier: Apache-2.0
import { encodeParentRequest, type ParentCredentials } from '@enclave-vault/protocol';
import { ParentError } from './errors.ts';

export interface ParentConfig {
  /** Path of the unix socket that the API calls. */
  listen: string;
  /** Path of the hypervisor's control socket. */
  hypervisor: string;
  image: string;
  enclaves: number;
  cpuCount: number;
  memoryMib: number;
  /** The enclave's configuration: canonical bytes, passed on unread. */
  configuration: Buffer;
  kms: { host: string; port: number };
  /** Of the instance role. They decrypt nothing without an attestation document. */
  credentials: ParentCredentials;
}

const MEMBERS = [
  'listen',
  'hypervisor',
  'image',
  'enclaves',
  'cpuCount',
  'memoryMib',
  'configuration',
  'kms',
  'credentials',
];

/** Reads the process's configuration. Errors: `config_invalid`, with the member's name and never its value. */
export function parseParentConfig(value: unknown): ParentConfig {
  const root = members(value, 'configuration');
  for (const name of Object.keys(root)) {
    if (!MEMBERS.includes(name)) throw invalid(`${name} is unknown`);
  }
  const kms = members(root.kms, 'kms');
  return {
    listen: text(root, 'listen'),
    hypervisor: text(root, 'hypervisor'),
    image: text(root, 'image'),
    enclaves: integer(root, 'enclaves', 1, 64, 1),
    cpuCount: integer(root, 'cpuCount', 1, 128, 2),
    memoryMib: integer(root, 'memoryMib', 64, 1024 * 1024, 512),
    configuration: Buffer.from(text(root, 'configuration'), 'base64'),
    kms: { host: text(kms, 'host'), port: integer(kms, 'port', 1, 65_535) },
    credentials: readCredentials(members(root.credentials, 'credentials')),
  };
}

/** Credentials in the shape that an enclave accepts; wrong ones are found at start and not at the first request. */
function readCredentials(from: Members): ParentCredentials {
  const expiration = from.expiration ?? null;
  const credentials = {
    accessKeyId: text(from, 'accessKeyId'),
    secretAccessKey: text(from, 'secretAccessKey'),
    sessionToken: from.sessionToken == null ? null : text(from, 'sessionToken'),
    expiration: expiration === null ? null : integer(from, 'expiration', 0, Number.MAX_SAFE_INTEGER),
  };
  try {
    encodeParentRequest({ credentials, envelope: Uint8Array.of(0) });
  } catch {
    throw invalid('credentials are not in the shape of AWS credentials');
  }
  return credentials;
}

type Members = Readonly<Record<string, unknown>>;

function members(value: unknown, name: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`${name} is missing`);
  return value as Members;
}

function text(from: Members, name: string): string {
  const value = from[name];
  if (typeof value !== 'string' || value === '') throw invalid(`${name} must be a non-empty string`);
  return value;
}

function integer(from: Members, name: string, min: number, max: number, fallback?: number): number {
  const value = from[name] ?? fallback;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
    throw invalid(`${name} must be a whole number from ${min} to ${max}`);
  }
  return value;
}

function invalid(message: string): ParentError {
  return new ParentError('config_invalid', message);
}
