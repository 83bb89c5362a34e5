// SPDX-License-Identifier: Apache-2.0
import { createHash, X509Certificate } from 'node:crypto';
import { type CborValue, encodeCbor } from '@enclave-vault/codec';
import { MAX_CONFIGURATION_BYTES } from './limits.ts';
import { hostName, keyArn, region } from './names.ts';
import { decode, distinct, integer, list, malformed, members, text, version } from './read.ts';

/** Limits that a deployment may lower or raise within the bounds of SPEC.md. */
export interface EnclaveLimits {
  /** Requests at once, and requests that wait for a place. */
  readonly running: number;
  readonly waiting: number;
  /** ms for a whole request, expressions included. */
  readonly requestMs: number;
  /** ms for all expressions of one request. */
  readonly expressionMs: number;
  /** Threads that evaluate expressions. */
  readonly expressionWorkers: number;
}

/** How many records an enclave opens at most, whoever asks: what a compromised API gets in a time is bounded by it. */
export interface EnclaveRate {
  /** At once, and a second that may go on. */
  readonly burst: number;
  readonly perSecond: number;
  /** In any hour. */
  readonly perHour: number;
}

/** Records' private keys that an enclave keeps after KMS unwrapped them, and for how much. */
export interface KeyCacheLimits {
  /** How many; 0: none, each request asks KMS. */
  readonly entries: number;
  /** How long from the moment KMS was asked, in ms. */
  readonly ageMs: number;
  /** Requests that one answer of KMS serves. */
  readonly uses: number;
}

/** Everything a deployment decides about its enclaves; PCR16 measures its canonical bytes. */
export interface EnclaveConfiguration {
  readonly region: string;
  /** Name in KMS's certificate and in the Host header; the connection itself is the parent's byte relay. */
  readonly kmsHost: string;
  readonly kmsPort: number;
  /** PEM certificates that KMS's certificate may chain to, and no others. */
  readonly tlsRoots: readonly string[];
  /** Keys that wrap records under an encryption context. */
  readonly vaultKeyArns: readonly string[];
  /** Keys that wrap request data keys. */
  readonly requestKeyArns: readonly string[];
  /** Keys of imported records, used without an encryption context. */
  readonly legacyKeyArns: readonly string[];
  readonly limits: EnclaveLimits;
  /** undefined: the bytes have none, and DEFAULT_RATE holds. */
  readonly rate: EnclaveRate | undefined;
  /** undefined: the bytes have none, and DEFAULT_KEY_CACHE holds. */
  readonly keyCache: KeyCacheLimits | undefined;
}

/** A configuration to write: port and limits have defaults. Without rate or key cache the bytes have none, and the program's own holds. */
export type ConfigurationInput = Omit<EnclaveConfiguration, 'kmsPort' | 'limits' | 'rate' | 'keyCache'> & {
  readonly kmsPort?: number;
  readonly limits?: Partial<EnclaveLimits>;
  readonly rate?: EnclaveRate | undefined;
  /** What is left out is DEFAULT_KEY_CACHE's. */
  readonly keyCache?: Partial<KeyCacheLimits> | undefined;
};

/** Limits where a deployment says nothing (design, "Limits"). */
export const DEFAULT_LIMITS: EnclaveLimits = {
  running: 32,
  waiting: 64,
  requestMs: 5_000,
  expressionMs: 250,
  expressionWorkers: 2,
};

/** The rate of a program whose configuration has none: part of the program, so PCR0 and PCR2 measure it. */
export const DEFAULT_RATE: EnclaveRate = { burst: 2_000, perSecond: 1_000, perHour: 360_000 };

/**
 * The key cache of a program whose configuration has none. A minute is the time within which canaries tell of a change of a key's policy.
 * More entries than a minute's requests of the default rate by the hour, in 27 MB, or 240 where each was written in many parts; and one line in KMS's log for each thousand openings of a record at least.
 */
export const DEFAULT_KEY_CACHE: KeyCacheLimits = { entries: 2_048, ageMs: 60_000, uses: 1_000 };

const WHAT = 'configuration';
const MEMBERS = [
  'v',
  'region',
  'kms_host',
  'kms_port',
  'tls_roots',
  'vault_key_arns',
  'request_key_arns',
  'legacy_key_arns',
  'limits',
] as const;
const LIMITS = ['running', 'waiting', 'request_ms', 'expression_ms', 'expression_workers'] as const;
const RATE = ['burst', 'per_second', 'per_hour'] as const;
const KEY_CACHE = ['entries', 'age_ms', 'uses'] as const;
/** Those that a configuration may lack: they came later, and without them the bytes are what they were. */
const OPTIONAL = ['rate', 'key_cache'] as const;
const MAX_KEYS = 16;
/** An envelope does not name its key, so an enclave may have to ask KMS once for each of these. */
const MAX_REQUEST_KEYS = 4;
const MAX_ROOTS = 16;
const MAX_PEM_BYTES = 8 * 1024;

/**
 * @returns the one encoding of this configuration: what the enclave is booted with and PCR16 measures
 * @throws ProtocolError `malformed` when it is not one that would be accepted
 */
export function encodeConfiguration(input: ConfigurationInput): Buffer {
  const limits = { ...DEFAULT_LIMITS, ...input.limits };
  const value: CborValue = new Map<string, CborValue>([
    ['v', 1],
    ['region', input.region],
    ['kms_host', input.kmsHost],
    ['kms_port', input.kmsPort ?? 443],
    ['tls_roots', input.tlsRoots],
    ['vault_key_arns', input.vaultKeyArns],
    ['request_key_arns', input.requestKeyArns],
    ['legacy_key_arns', input.legacyKeyArns],
    [
      'limits',
      new Map([
        ['running', limits.running],
        ['waiting', limits.waiting],
        ['request_ms', limits.requestMs],
        ['expression_ms', limits.expressionMs],
        ['expression_workers', limits.expressionWorkers],
      ]),
    ],
    ...writtenRate(input.rate),
    ...writtenKeyCache(input.keyCache),
  ]);
  readConfiguration(value);
  return encodeCbor(value);
}

/** @throws ProtocolError `malformed` or `too_large` */
export function parseConfiguration(message: Uint8Array): EnclaveConfiguration {
  return readConfiguration(decode(message, WHAT, MAX_CONFIGURATION_BYTES, 128));
}

/**
 * PCR16 of an enclave that was booted with these bytes: NSM's ExtendPCR over a zero register,
 * SHA-384(48 zero bytes || SHA-384(bytes)).
 * @returns 48 bytes
 */
export function pcr16(configuration: Uint8Array): Buffer {
  return createHash('sha384').update(Buffer.alloc(48)).update(configurationDigest(configuration)).digest();
}

/** @returns SHA-384 of the configuration's bytes, 48 bytes: the data of ExtendPCR */
export function configurationDigest(configuration: Uint8Array): Buffer {
  return createHash('sha384').update(configuration).digest();
}

function readConfiguration(value: CborValue): EnclaveConfiguration {
  const given = OPTIONAL.filter((name) => value instanceof Map && value.has(name));
  const member = members(value, WHAT, [...MEMBERS, ...given]);
  version(member.v, WHAT);
  const vaultKeyArns = arns(member.vault_key_arns, 'configuration.vault_key_arns', MAX_KEYS);
  const requestKeyArns = arns(member.request_key_arns, 'configuration.request_key_arns', MAX_REQUEST_KEYS);
  const legacyKeyArns = arns(member.legacy_key_arns, 'configuration.legacy_key_arns', MAX_KEYS);
  if (vaultKeyArns.length === 0 || requestKeyArns.length === 0) throw malformed('configuration: keys');
  // One key, one role: else a record's wrapped key could pass for a request key, or lose its context.
  distinct([...vaultKeyArns, ...requestKeyArns, ...legacyKeyArns], 'configuration: keys');
  const tlsRoots = list(member.tls_roots, 'configuration.tls_roots', MAX_ROOTS, certificate);
  if (tlsRoots.length === 0) throw malformed('configuration.tls_roots');
  return {
    region: region(member.region, 'configuration.region'),
    kmsHost: hostName(member.kms_host, 'configuration.kms_host'),
    kmsPort: integer(member.kms_port, 'configuration.kms_port', 1, 65535),
    tlsRoots,
    vaultKeyArns,
    requestKeyArns,
    legacyKeyArns,
    limits: readLimits(member.limits),
    rate: given.includes('rate') ? readRate(member.rate) : undefined,
    keyCache: given.includes('key_cache') ? readKeyCache(member.key_cache) : undefined,
  };
}

function writtenRate(rate: EnclaveRate | undefined): [string, CborValue][] {
  if (rate === undefined) return [];
  const { burst, perSecond: per_second, perHour: per_hour } = rate;
  return [['rate', new Map(Object.entries({ burst, per_second, per_hour }))]];
}

function readRate(value: CborValue): EnclaveRate {
  const member = members(value, 'configuration.rate', RATE);
  return {
    burst: integer(member.burst, 'configuration.rate.burst', 1, 1_000_000),
    perSecond: integer(member.per_second, 'configuration.rate.per_second', 1, 100_000),
    perHour: integer(member.per_hour, 'configuration.rate.per_hour', 1, 360_000_000),
  };
}

function writtenKeyCache(given: Partial<KeyCacheLimits> | undefined): [string, CborValue][] {
  if (given === undefined) return [];
  const { entries, ageMs: age_ms, uses } = { ...DEFAULT_KEY_CACHE, ...given };
  return [['key_cache', new Map(Object.entries({ entries, age_ms, uses }))]];
}

function readKeyCache(value: CborValue): KeyCacheLimits {
  const member = members(value, 'configuration.key_cache', KEY_CACHE);
  return {
    entries: integer(member.entries, 'configuration.key_cache.entries', 0, 65_536),
    ageMs: integer(member.age_ms, 'configuration.key_cache.age_ms', 1_000, 300_000),
    uses: integer(member.uses, 'configuration.key_cache.uses', 1, 1_000_000),
  };
}

function readLimits(value: CborValue): EnclaveLimits {
  const member = members(value, 'configuration.limits', LIMITS);
  return {
    running: integer(member.running, 'configuration.limits.running', 1, 256),
    waiting: integer(member.waiting, 'configuration.limits.waiting', 0, 1024),
    requestMs: integer(member.request_ms, 'configuration.limits.request_ms', 100, 30_000),
    expressionMs: integer(member.expression_ms, 'configuration.limits.expression_ms', 10, 5_000),
    expressionWorkers: integer(member.expression_workers, 'configuration.limits.expression_workers', 1, 16),
  };
}

function arns(value: CborValue, what: string, max: number): string[] {
  return list(value, what, max, (item) => keyArn(item, what));
}

function certificate(item: CborValue): string {
  const pem = text(item, 'configuration.tls_roots', MAX_PEM_BYTES);
  try {
    new X509Certificate(pem);
  } catch {
    throw malformed('configuration.tls_roots');
  }
  return pem;
}
