// SPDX-License-Identifier: Apache-2.0
import { encodeParentRequest, type ParentCredentials } from '@enclave-vault/protocol';
import { ParentError } from '../errors.ts';
import type { InstanceIdentity } from './source.ts';

/** Names of IAM roles: also what makes one safe in a path. */
const ROLE = /^[\w+=,.@-]{1,64}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$/;
const CODE = /^[A-Za-z]{1,64}$/;

/** The list at `/latest/meta-data/iam/security-credentials/`: one name. @throws ParentError `imds_malformed` */
export function readRoleName(text: string): string {
  const name = text.trim();
  if (!ROLE.test(name)) throw malformed('role');
  return name;
}

/**
 * The document at `/latest/meta-data/iam/security-credentials/ROLE`: {Code, AccessKeyId, SecretAccessKey, Token, Expiration}.
 * Every one of them expires and has a session token.
 *
 * @throws ParentError `imds_refused` with its code when the service could not get any, `imds_malformed`
 */
export function readRoleCredentials(text: string): ParentCredentials {
  const document = object(text, 'credentials');
  const { Code } = document;
  if (Code !== 'Success') {
    throw new ParentError('imds_refused', typeof Code === 'string' && CODE.test(Code) ? Code : 'no code');
  }
  const time = member(document, 'Expiration');
  const expiration = TIME.test(time) ? Date.parse(time) : Number.NaN;
  if (!Number.isSafeInteger(expiration)) throw malformed('Expiration');
  const credentials = {
    accessKeyId: member(document, 'AccessKeyId'),
    secretAccessKey: member(document, 'SecretAccessKey'),
    sessionToken: member(document, 'Token'),
    expiration,
  };
  try {
    // What no enclave would take is found here and not at a request.
    encodeParentRequest({ credentials, envelope: Uint8Array.of(0) });
  } catch {
    throw malformed('credentials');
  }
  return Object.freeze(credentials);
}

/** The document at `/latest/dynamic/instance-identity/document`. @throws ParentError `imds_malformed` */
export function readIdentity(text: string, role: string): InstanceIdentity {
  const document = object(text, 'identity');
  const identity = {
    instanceId: member(document, 'instanceId'),
    account: member(document, 'accountId'),
    region: member(document, 'region'),
    role,
  };
  if (!/^i-[0-9a-f]{8,32}$/.test(identity.instanceId)) throw malformed('instanceId');
  if (!/^\d{12}$/.test(identity.account)) throw malformed('accountId');
  if (!/^[a-z0-9-]{1,32}$/.test(identity.region)) throw malformed('region');
  return Object.freeze(identity);
}

function object(text: string, what: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed(what);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(what);
  return value as Readonly<Record<string, unknown>>;
}

function member(from: Readonly<Record<string, unknown>>, name: string): string {
  const value = from[name];
  if (typeof value !== 'string' || value === '') throw malformed(name);
  return value;
}

/** Names a member and never what it held. */
function malformed(what: string): ParentError {
  return new ParentError('imds_malformed', what);
}
