// SPDX-License-Identifier: Apache-2.0

/** Somebody who attacks. A threat names his slug in a tag, `actor:SLUG`. */
export interface Actor {
  readonly slug: string;
  readonly name: string;
  /** What he begins with. */
  readonly has: string;
  readonly wants: string;
}

/** Every actor of the design; `threat-model check` fails when the workspace says nothing of one. */
export const ACTORS: readonly Actor[] = [
  {
    slug: 'curious-operator',
    name: 'Curious operator',
    has: 'an operator’s rights: logs, metrics, processes, files, support bundles, consoles; locally the machine',
    wants: 'to read a record without leaving a trace',
  },
  {
    slug: 'store-writer',
    name: 'Writer of the store',
    has: 'every item of the table or file, to read, write, remove and put back',
    wants: 'to read what is written later, to change a record, to bring back a right or a state',
  },
  {
    slug: 'parent-owner',
    name: 'Owner of the parent',
    has: 'root on the instance: its role, the relay, every byte between API, enclave and KMS, the enclave’s life',
    wants: 'to read what passes, to decrypt on his own account, to put another enclave in place',
  },
  {
    slug: 'api-owner',
    name: 'Owner of the API',
    has: 'code execution in the API: its role, requests and answers as they pass, keys of audit and records’ MACs',
    wants: 'all records, and a log that does not say so',
  },
  {
    slug: 'iam-administrator',
    name: 'IAM administrator',
    has: 'every identity policy and role of the account, but not the key policies',
    wants: 'to give himself what the vault’s roles have',
  },
  {
    slug: 'kms-administrator',
    name: 'KMS administrator',
    has: 'control of the keys: their policies, grants, life and metadata, as the deployment or break-glass role',
    wants: 'to have a private key unwrapped outside the measured program, or to have one made that he knows',
  },
  {
    slug: 'network-attacker',
    name: 'Network attacker',
    has: 'the wire between any two parties: to read, drop, replay and redirect; DNS',
    wants: 'values, credentials, or to be taken for KMS, parent or API',
  },
  {
    slug: 'malicious-client',
    name: 'Malicious client',
    has: 'the public HTTP interface; perhaps a narrow API key of his own',
    wants: 'more than his key grants, or that others are not served',
  },
  {
    slug: 'other-tenant',
    name: 'Another tenant',
    has: 'an administrator’s key of another tenant of the same vault',
    wants: 'to read, change or learn of records that are not his',
  },
  {
    slug: 'supply-chain',
    name: 'Supply chain',
    has: 'a dependency, a build, a mirror, a pipeline or a release that others run',
    wants: 'code of his in what is measured, or in what is deployed around it',
  },
  {
    slug: 'stolen-backup',
    name: 'Holder of a stolen backup',
    has: 'a copy of the store of some day: file, export, snapshot or restored table',
    wants: 'to read it, now or in thirty years; to put it back',
  },
];

/** A part of the system, as one that is attacked. A threat names its slug in a tag, `tier:SLUG`. */
export interface Tier {
  readonly slug: string;
  readonly name: string;
  readonly what: string;
}

export const TIERS: readonly Tier[] = [
  { slug: 'client', name: 'Client', what: 'callers, their API keys and tokens' },
  {
    slug: 'api',
    name: 'API',
    what: 'the HTTP application: a process, or a Lambda function behind API Gateway',
  },
  {
    slug: 'store',
    name: 'Store',
    what: 'records, API keys and audit chains in SQLite or DynamoDB; the sink of heads',
  },
  {
    slug: 'parent',
    name: 'Parent',
    what: 'the relay on the instance, with credentials and enclaves in its care',
  },
  { slug: 'enclave', name: 'Enclave', what: 'the measured program, the only decryptor' },
  { slug: 'kms', name: 'KMS', what: 'the keys, their policies, and who calls them' },
  { slug: 'pipeline', name: 'Pipeline', what: 'sources, dependencies, build, signing, release, deployment' },
  {
    slug: 'operator',
    name: 'Operator',
    what: 'people and roles that look after a vault, and what they look with',
  },
];

/** Letters of STRIDE, as the tool's metadata has them. */
export const STRIDE = {
  S: 'Spoofing',
  T: 'Tampering',
  R: 'Repudiation',
  I: 'Information disclosure',
  D: 'Denial of service',
  E: 'Elevation of privilege',
} as const;
export type Letter = keyof typeof STRIDE;
export const LETTERS = Object.keys(STRIDE) as readonly Letter[];
