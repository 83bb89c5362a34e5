// SPDX-License-Identifier: Apache-2.0
import { isAbsolute, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { EnclaveRate, KeyCacheLimits } from '@enclave-vault/protocol';
import { UsageError } from '../errors.ts';
import { type CanaryOptions, webhookOf } from './canary-options.ts';
import { LOCAL } from './deployment.ts';
import { KMS_USAGE, type KmsOptions, kmsOptionsOf } from './kms-options.ts';

export interface DevOptions {
  readonly host: string;
  readonly port: number;
  /** Absolute; undefined when nothing is to be kept. */
  readonly data: string | undefined;
  readonly enclaves: number;
  readonly schema: string | undefined;
  /** File of OIDC issuers. */
  readonly oidc: string | undefined;
  /** File of rate limits. */
  readonly rates: string | undefined;
  /** Where the heads of the audit chains are kept; undefined: in the data folder. */
  readonly auditHeads: string | undefined;
  /** Folder of the built enclave image. */
  readonly image: string;
  /** Pin the measurements of this image beside those already pinned. */
  readonly acceptMeasurements: boolean;
  readonly allowOrphans: boolean;
  readonly unsafePlainHttp: boolean;
  /** Names that a Host header may have beside loopback's. */
  readonly allowedHosts: readonly string[];
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Keys of the local KMS that wrapped imported records. */
  readonly legacyKeys: readonly string[];
  /** What each enclave opens at most; undefined: the program's own. */
  readonly enclaveRate: EnclaveRate | undefined;
  /** Records' private keys that an enclave keeps in memory; undefined: the program's own. */
  readonly keyCache: KeyCacheLimits | undefined;
  readonly canary: CanaryOptions;
  readonly kms: KmsOptions;
  /** How many processes share the API's port. */
  readonly apis: number;
  /** Folder for a CPU profile of each process; undefined: none is made. */
  readonly profile: string | undefined;
  readonly verbose: boolean;
}

export const DEV_USAGE = `enclave-vault dev [options]          run the whole vault on this machine
  --port N              port of the API (8080; 0 picks a free one)      ENCLAVE_VAULT_PORT
  --host ADDRESS        address of the API (127.0.0.1)                  ENCLAVE_VAULT_HOST
  --data DIR            where everything is kept (.vault)               ENCLAVE_VAULT_DATA
  --ephemeral           keep nothing                                    ENCLAVE_VAULT_EPHEMERAL=1
  --enclaves N          how many enclaves (1)                           ENCLAVE_VAULT_ENCLAVES
  --apis N              how many processes answer at its port (1)       ENCLAVE_VAULT_APIS
  --schema FILE         a record schema of your own                     ENCLAVE_VAULT_SCHEMA
  --oidc FILE           issuers whose tokens are taken too              ENCLAVE_VAULT_OIDC
  --rates FILE          rate limits of your own                         ENCLAVE_VAULT_RATES
  --audit-heads FILE    keep audit heads there, on another disk say     ENCLAVE_VAULT_AUDIT_HEADS
  --image DIR           the enclave image (dist/enclave)                ENCLAVE_VAULT_IMAGE
  --accept-measurements let the key policy admit this image as well
  --allow-orphans       accept a schema that orphans stored fields
  --tls-cert FILE --tls-key FILE   serve HTTPS
  --allow-host NAME     a name that clients call this machine by (repeatable)
  --legacy-key ARN      a key that wrapped imported records (repeatable; changes PCR16: see --accept-measurements)
  --enclave-rate A,B,C  records an enclave opens: at once, a second, an hour
                        (changes PCR16 as well)                         ENCLAVE_VAULT_ENCLAVE_RATE
  --enclave-key-cache A,B,C  records' keys an enclave keeps: how many (0: none),
                        seconds, uses of each (changes PCR16 as well)   ENCLAVE_VAULT_ENCLAVE_KEY_CACHE
  --canary-interval N   seconds from one run of the canary to the next
                        (60; 0: no canary)                              ENCLAVE_VAULT_CANARY_INTERVAL
  --canary-webhook URL  where its alarms are sent: https, or this machine
                                                                        ENCLAVE_VAULT_CANARY_WEBHOOK
${KMS_USAGE}
  --unsafe-plain-http   listen beyond loopback without TLS
  --profile DIR         write a CPU profile of each process to DIR at its end
  --verbose             log every event of every process
  ENCLAVE_VAULT_CANARY_WEBHOOK_SECRET signs what the webhook gets: 32 characters or more.
  ENCLAVE_VAULT_PASSPHRASE, if set, encrypts the emulator's KMS keys at rest.`;

const LOCAL_KEY = new RegExp(
  `^arn:${LOCAL.partition}:kms:${LOCAL.region}:${LOCAL.account}:key/(?:mrk-)?[0-9a-f-]{32,36}$`,
);
const WHOLE = /^\d{1,5}$/;
/** The protocol has the same bounds. */
const KEY_CACHE = /^(\d{1,5}),([1-9]\d{0,2}),([1-9]\d{0,6})$/;
const RATE = /^([1-9]\d{0,5}),([1-9]\d{0,4}),([1-9]\d{0,7})$/;

/**
 * Options of `dev` from arguments, then environment, then defaults. All problems are reported at once.
 * Relative paths are taken from where the user stands, which npm keeps in INIT_CWD.
 * @throws {UsageError} naming every option that is wrong
 */
export function parseDevOptions(args: readonly string[], env: NodeJS.ProcessEnv, root: string): DevOptions {
  const { values } = parse(args);
  const problems: string[] = [];
  const text = (name: keyof typeof values & string, variable: string) => {
    const value = values[name] ?? env[variable];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const number = (
    name: 'port' | 'enclaves' | 'apis' | 'canary-interval',
    variable: string,
    preset: number,
    min: number,
    max: number,
  ) => {
    const raw = text(name, variable);
    if (raw === undefined) return preset;
    const n = WHOLE.test(raw) ? Number(raw) : Number.NaN;
    if (n >= min && n <= max) return n;
    problems.push(`--${name} takes a whole number from ${min} to ${max}`);
    return preset;
  };
  const base = env.INIT_CWD ?? process.cwd();
  const path = (raw: string) => (isAbsolute(raw) ? raw : resolve(base, raw));
  const ephemeral = values.ephemeral === true || env.ENCLAVE_VAULT_EPHEMERAL === '1';
  const data = text('data', 'ENCLAVE_VAULT_DATA');
  if (ephemeral && values.data !== undefined) problems.push('--data and --ephemeral exclude each other');
  const cert = values['tls-cert'];
  const key = values['tls-key'];
  if ((cert === undefined) !== (key === undefined)) problems.push('--tls-cert and --tls-key go together');
  const legacyKeys = [...new Set(values['legacy-key'] ?? [])];
  if (!legacyKeys.every((arn) => LOCAL_KEY.test(arn)))
    problems.push('--legacy-key takes the ARN of a key of the local KMS');
  const rate = text('enclave-rate', 'ENCLAVE_VAULT_ENCLAVE_RATE');
  const enclaveRate = rate === undefined ? undefined : parseRate(rate);
  if (rate !== undefined && enclaveRate === undefined)
    problems.push('--enclave-rate takes three whole numbers from 1: at once, a second, an hour');
  const cache = text('enclave-key-cache', 'ENCLAVE_VAULT_ENCLAVE_KEY_CACHE');
  const keyCache = cache === undefined ? undefined : parseKeyCache(cache);
  if (cache !== undefined && keyCache === undefined)
    problems.push(
      '--enclave-key-cache takes three whole numbers: keys (0 to 65536), seconds (1 to 300), uses of each (1 to 1000000)',
    );
  const webhook = webhookOf(text('canary-webhook', 'ENCLAVE_VAULT_CANARY_WEBHOOK'), env, problems);
  const latency = text('kms-latency', 'ENCLAVE_VAULT_KMS_LATENCY');
  const quota = text('kms-quota', 'ENCLAVE_VAULT_KMS_QUOTA');
  const pool = text('key-pool', 'ENCLAVE_VAULT_KEY_POOL');
  const kms = kmsOptionsOf({ latency, quota, pool }, problems);
  const file = (name: keyof typeof values & string, variable: string) => {
    const given = text(name, variable);
    return given === undefined ? undefined : path(given);
  };
  const options: DevOptions = {
    host: text('host', 'ENCLAVE_VAULT_HOST') ?? '127.0.0.1',
    port: number('port', 'ENCLAVE_VAULT_PORT', 8080, 0, 65_535),
    data: ephemeral ? undefined : path(data ?? '.vault'),
    enclaves: number('enclaves', 'ENCLAVE_VAULT_ENCLAVES', 1, 1, 16),
    schema: file('schema', 'ENCLAVE_VAULT_SCHEMA'),
    oidc: file('oidc', 'ENCLAVE_VAULT_OIDC'),
    rates: file('rates', 'ENCLAVE_VAULT_RATES'),
    auditHeads: file('audit-heads', 'ENCLAVE_VAULT_AUDIT_HEADS'),
    image: file('image', 'ENCLAVE_VAULT_IMAGE') ?? join(root, 'dist/enclave'),
    acceptMeasurements: values['accept-measurements'] === true,
    allowOrphans: values['allow-orphans'] === true,
    unsafePlainHttp: values['unsafe-plain-http'] === true,
    allowedHosts: values['allow-host'] ?? [],
    tls: cert !== undefined && key !== undefined ? { cert: path(cert), key: path(key) } : undefined,
    legacyKeys,
    enclaveRate,
    keyCache,
    canary: {
      intervalSeconds: number('canary-interval', 'ENCLAVE_VAULT_CANARY_INTERVAL', 60, 0, 3_600),
      webhook,
    },
    kms,
    apis: number('apis', 'ENCLAVE_VAULT_APIS', 1, 1, 16),
    profile: values.profile === undefined ? undefined : path(values.profile),
    verbose: values.verbose === true,
  };
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  return options;
}

function parseRate(text: string): EnclaveRate | undefined {
  const [, burst, perSecond, perHour] = RATE.exec(text) ?? [];
  if (perHour === undefined) return undefined;
  return { burst: Number(burst), perSecond: Number(perSecond), perHour: Number(perHour) };
}

function parseKeyCache(text: string): KeyCacheLimits | undefined {
  const [, entries, seconds, uses] = KEY_CACHE.exec(text) ?? [];
  const limits = { entries: Number(entries), ageMs: Number(seconds) * 1000, uses: Number(uses) };
  const good = limits.entries <= 65_536 && limits.ageMs <= 300_000 && limits.uses <= 1_000_000;
  return good ? limits : undefined;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: false,
      options: {
        host: { type: 'string' },
        port: { type: 'string' },
        data: { type: 'string' },
        ephemeral: { type: 'boolean' },
        enclaves: { type: 'string' },
        apis: { type: 'string' },
        profile: { type: 'string' },
        schema: { type: 'string' },
        oidc: { type: 'string' },
        rates: { type: 'string' },
        'audit-heads': { type: 'string' },
        image: { type: 'string' },
        'accept-measurements': { type: 'boolean' },
        'allow-orphans': { type: 'boolean' },
        'allow-host': { type: 'string', multiple: true },
        'legacy-key': { type: 'string', multiple: true },
        'enclave-rate': { type: 'string' },
        'enclave-key-cache': { type: 'string' },
        'kms-latency': { type: 'string' },
        'kms-quota': { type: 'string' },
        'key-pool': { type: 'string' },
        'unsafe-plain-http': { type: 'boolean' },
        'canary-interval': { type: 'string' },
        'canary-webhook': { type: 'string' },
        'tls-cert': { type: 'string' },
        'tls-key': { type: 'string' },
        verbose: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options cannot be read');
  }
}
