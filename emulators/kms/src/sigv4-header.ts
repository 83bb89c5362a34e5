// SPDX-License-Identifier: Apache-2.0
import { KmsError } from './errors.ts';

/** The Authorization header of AWS Signature Version 4, taken apart. */
export interface Authorization {
  readonly accessKeyId: string;
  /** YYYYMMDD */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly terminator: string;
  /** Lower case, as listed. */
  readonly signedHeaders: readonly string[];
  /** Lower-case hex. */
  readonly signature: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/**
 * Parses `AWS4-HMAC-SHA256 Credential=…/…, SignedHeaders=…, Signature=…`
 * (IAM User Guide, "Create a signed AWS API request", step 6).
 * @throws {KmsError} MissingAuthenticationTokenException, IncompleteSignatureException
 */
export function parseAuthorization(header: string | undefined): Authorization {
  if (header === undefined || header.trim() === '') {
    throw new KmsError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  const [algorithm, rest = ''] = split(header.trim(), ' ');
  if (algorithm !== ALGORITHM) throw incomplete(`Unsupported or missing algorithm, expected ${ALGORITHM}.`);
  const parts = new Map<string, string>();
  for (const part of rest.split(',')) {
    const [name, value] = split(part.trim(), '=');
    if (value === undefined || parts.has(name)) throw incomplete('Authorization header is malformed.');
    parts.set(name, value);
  }
  const take = (name: string): string => {
    const value = parts.get(name);
    if (value === undefined) throw incomplete(`Authorization header requires '${name}' parameter.`);
    return value;
  };
  const scope = take('Credential').split('/');
  const [accessKeyId, date, region, service, terminator] = scope;
  if (
    scope.length !== 5 ||
    !accessKeyId ||
    date === undefined ||
    region === undefined ||
    service === undefined ||
    terminator === undefined
  ) {
    throw incomplete('Credential must have five parts, separated by slashes.');
  }
  const signature = take('Signature');
  if (!/^[0-9a-f]{64}$/.test(signature)) throw incomplete('Signature must be 64 lower-case hex digits.');
  const signedHeaders = take('SignedHeaders').split(';');
  const sorted = signedHeaders.every((name, i) => i === 0 || (signedHeaders[i - 1] ?? '') < name);
  if (!sorted || !signedHeaders.every((name) => /^[a-z0-9-]+$/.test(name))) {
    throw incomplete('SignedHeaders must be lower-case names in order, each once.');
  }
  return { accessKeyId, date, region, service, terminator, signedHeaders, signature };
}

function split(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function incomplete(message: string): KmsError {
  return new KmsError('IncompleteSignatureException', message);
}
