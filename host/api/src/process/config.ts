// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { defaultSchema, parseSchema, type RecordSchema } from '@enclave-vault/vault';
import type { OidcIssuer } from '../auth/oidc.ts';
import { ConfigError } from '../errors.ts';
import { isLoopback } from '../http/host-check.ts';
import type { RateLimits } from '../options.ts';
import { array, integer, type Members, members, only, optionalText, text } from './members.ts';
import { parseOidc } from './oidc-config.ts';

/** Configuration of the API process. */
export interface ApiConfig {
  readonly host: string;
  /** 0: any. */
  readonly port: number;
  /** Names that the Host header may have beside those of loopback. */
  readonly allowedHosts: readonly string[];
  readonly tls: { readonly key: string; readonly cert: string } | null;
  /** Path of the SQLite file. */
  readonly database: string;
  /** Path of the append-only file of audit heads. */
  readonly auditLog: string;
  /** The default schema where none is given. */
  readonly schema: RecordSchema;
  /** Accept a schema that leaves stored fields without a definition. */
  readonly allowOrphans: boolean;
  readonly kms: {
    readonly endpoint: string;
    readonly ca: string;
    readonly region: string;
    readonly keys: { readonly vault: string; readonly request: string; readonly integrity: string };
  };
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  /** Path of the parent's socket. */
  readonly parent: string;
  /** Where the first administrator's key is written when there is no key at all; null: nowhere. */
  readonly adminKeyFile: string | null;
  readonly oidc: readonly OidcIssuer[];
  readonly rates: Partial<RateLimits>;
}

const MEMBERS = [
  'host',
  'port',
  'allowedHosts',
  'tls',
  'unsafePlainHttp',
  'database',
  'auditLog',
  'schema',
  'allowOrphans',
  'kms',
  'credentials',
  'parent',
  'bootstrap',
  'oidc',
  'rates',
];

/**
 * Reads the process's configuration.
 * @throws {ConfigError} with the member's name and never its value
 */
export function parseApiConfig(value: unknown): ApiConfig {
  const root = members(value, 'configuration');
  only(root, MEMBERS, 'configuration');
  const host = optionalText(root, 'host') ?? '127.0.0.1';
  const tls = parseTls(root.tls);
  if (!isLoopback(host) && tls === null && root.unsafePlainHttp !== true) {
    throw new ConfigError('host is not loopback: give tls, or say unsafePlainHttp');
  }
  const kms = members(root.kms, 'kms');
  const keys = members(kms.keys, 'kms.keys');
  const credentials = members(root.credentials, 'credentials');
  const sessionToken = optionalText(credentials, 'sessionToken');
  return {
    host,
    port: integer(root, 'port', 0, 65_535, 8080),
    allowedHosts: array(root.allowedHosts ?? [], 'allowedHosts').map((name) => {
      if (typeof name !== 'string' || name === '') throw new ConfigError('allowedHosts must hold names');
      return name.toLowerCase();
    }),
    tls,
    database: text(root, 'database'),
    auditLog: text(root, 'auditLog'),
    schema: root.schema === undefined ? defaultSchema() : parseRecordSchema(root.schema),
    allowOrphans: root.allowOrphans === true,
    kms: {
      endpoint: text(kms, 'endpoint'),
      ca: text(kms, 'ca'),
      region: text(kms, 'region'),
      keys: {
        vault: text(keys, 'vault'),
        request: text(keys, 'request'),
        integrity: text(keys, 'integrity'),
      },
    },
    credentials: {
      accessKeyId: text(credentials, 'accessKeyId'),
      secretAccessKey: text(credentials, 'secretAccessKey'),
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    parent: text(root, 'parent'),
    adminKeyFile: root.bootstrap == null ? null : text(members(root.bootstrap, 'bootstrap'), 'adminKeyFile'),
    oidc: parseOidc(root.oidc),
    rates: parseRates(root.rates),
  };
}

/** PEM texts, or paths of files that hold them. */
function parseTls(value: unknown): ApiConfig['tls'] {
  if (value === undefined || value === null) return null;
  const tls = members(value, 'tls');
  const read = (name: string): string => {
    const given = text(tls, name);
    if (given.startsWith('-----BEGIN ')) return given;
    try {
      return readFileSync(given, 'utf8');
    } catch {
      throw new ConfigError(`tls.${name} is neither PEM nor a file that can be read`);
    }
  };
  return { key: read('key'), cert: read('cert') };
}

function parseRecordSchema(value: unknown): RecordSchema {
  try {
    return parseSchema(value);
  } catch (error) {
    // Its messages name the place and never quote.
    throw new ConfigError(`schema: ${error instanceof Error ? error.message : 'not a schema'}`);
  }
}

function parseRates(value: unknown): Partial<RateLimits> {
  if (value === undefined || value === null) return {};
  const rates = members(value, 'rates');
  only(rates, ['failures', 'attestations', 'requests'], 'rates');
  const rate = (name: keyof RateLimits): Partial<RateLimits> => {
    if (rates[name] === undefined) return {};
    const of: Members = members(rates[name], `rates.${name}`);
    return { [name]: { burst: integer(of, 'burst', 1, 1e9), perSecond: integer(of, 'perSecond', 1, 1e9) } };
  };
  return { ...rate('failures'), ...rate('attestations'), ...rate('requests') };
}
