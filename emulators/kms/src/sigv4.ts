// SPDX-License-Identifier: Apache-2.0
import { createHash, createHmac, createSecretKey, hash, timingSafeEqual } from 'node:crypto';
import type { PrincipalConfig } from './config.ts';
import { KmsError } from './errors.ts';
import { parseAuthorization } from './sigv4-header.ts';

/** What of a request is signed. */
export interface SignedRequest {
  readonly method: string;
  /** Path as it came, without a query: KMS has none, and the emulator refuses one before this. */
  readonly path: string;
  /** Lower-case name to all values of that name, in the order received. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
}

/** AWS allows 5 minutes either way for KMS. */
const SKEW_MS = 5 * 60_000;
/** These must be under the signature, or whoever relays a request could change what it asks for. */
const ALWAYS_SIGNED = ['host', 'x-amz-date', 'x-amz-target'];

/**
 * Verifies AWS Signature Version 4 against the known principals
 * (IAM User Guide, "Create a signed AWS API request"; header-based, one chunk).
 */
export class SignatureVerifier {
  readonly #principals: ReadonlyMap<string, PrincipalConfig>;
  readonly #region: string;
  /** Signing keys by access key, of the day in the entry. */
  readonly #keys = new Map<string, { date: string; key: Buffer }>();

  constructor(principals: readonly PrincipalConfig[], region: string) {
    this.#principals = new Map(principals.map((principal) => [principal.accessKeyId, principal]));
    this.#region = region;
  }

  /**
   * @param now ms since the epoch
   * @returns who signed
   * @throws {KmsError} MissingAuthenticationToken-, IncompleteSignature-, UnrecognizedClient- or InvalidSignatureException
   */
  verify(request: SignedRequest, now: number): PrincipalConfig {
    const auth = parseAuthorization(single(request, 'authorization'));
    const principal = this.#principals.get(auth.accessKeyId);
    if (principal === undefined) throw unrecognized();
    checkToken(principal.sessionToken, single(request, 'x-amz-security-token'));

    const timestamp = single(request, 'x-amz-date') ?? '';
    const time = parseTimestamp(timestamp);
    if (auth.date !== timestamp.slice(0, 8)) {
      throw invalid('Date in Credential scope does not match YYYYMMDD from X-Amz-Date.');
    }
    if (auth.region !== this.#region) throw invalid('Credential should be scoped to a valid region.');
    if (auth.service !== 'kms') throw invalid("Credential should be scoped to correct service: 'kms'.");
    if (auth.terminator !== 'aws4_request') {
      throw invalid("Credential should be scoped with a valid terminator: 'aws4_request'.");
    }
    if (time < now - SKEW_MS) throw invalid('Signature expired: X-Amz-Date is more than 5 min. ago.');
    if (time > now + SKEW_MS)
      throw invalid('Signature not yet current: X-Amz-Date is more than 5 min. ahead.');
    checkSignedHeaders(request, auth.signedHeaders);

    const bodyHash = sha256(request.body);
    const declaredHash = single(request, 'x-amz-content-sha256');
    if (declaredHash !== undefined && declaredHash !== bodyHash) {
      throw invalid('The value of x-amz-content-sha256 is not the hash of the body.');
    }
    const scope = `${auth.date}/${this.#region}/kms/aws4_request`;
    const canonical = canonicalRequest(request, auth.signedHeaders, bodyHash);
    const toSign = ['AWS4-HMAC-SHA256', timestamp, scope, sha256(canonical)].join('\n');
    const expected = hmac(this.#signingKey(principal, auth.date), toSign);
    if (!timingSafeEqual(expected, Buffer.from(auth.signature, 'hex'))) {
      throw invalid(
        'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
      );
    }
    return principal;
  }

  #signingKey(principal: PrincipalConfig, date: string): Buffer {
    const known = this.#keys.get(principal.accessKeyId);
    if (known?.date === date) return known.key;
    const parts = [date, this.#region, 'kms', 'aws4_request'];
    const key = parts.reduce<Buffer>(hmac, Buffer.from(`AWS4${principal.secretAccessKey}`));
    this.#keys.set(principal.accessKeyId, { date, key });
    return key;
  }
}

function canonicalRequest(request: SignedRequest, names: readonly string[], bodyHash: string): string {
  const headers = names.map((name) => {
    const values = request.headers.get(name) ?? [];
    return `${name}:${values.map((value) => value.trim().replace(/ +/g, ' ')).join(',')}\n`;
  });
  return [request.method, request.path, '', headers.join(''), names.join(';'), bodyHash].join('\n');
}

function checkSignedHeaders(request: SignedRequest, signed: readonly string[]): void {
  const missing =
    ALWAYS_SIGNED.find((name) => !signed.includes(name)) ??
    [...request.headers.keys()].find((name) => name.startsWith('x-amz-') && !signed.includes(name)) ??
    signed.find((name) => !request.headers.has(name));
  if (missing !== undefined) throw invalid(`'${missing}' must be a header of the request and a signed one.`);
}

/** A token that was not issued is as bad as one that is missing. Hashed first, so that length and time say nothing. */
function checkToken(expected: string | undefined, given: string | undefined): void {
  if (expected === undefined && given === undefined) return;
  if (expected === undefined || given === undefined) throw unrecognized();
  const [a, b] = [expected, given].map((token) => createHash('sha256').update(token).digest());
  if (a === undefined || b === undefined || !timingSafeEqual(a, b)) throw unrecognized();
}

function parseTimestamp(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) {
    throw new KmsError('IncompleteSignatureException', "X-Amz-Date must be in ISO-8601 'basic format'.");
  }
  const [, year, month, day, hour, minute, second] = match;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // NaN is neither too early nor too late.
  if (Number.isNaN(time)) throw invalid('X-Amz-Date is no date.');
  return time;
}

function single(request: SignedRequest, name: string): string | undefined {
  const values = request.headers.get(name);
  if (values !== undefined && values.length > 1) {
    throw new KmsError('IncompleteSignatureException', `The header '${name}' must be there once.`);
  }
  return values?.[0];
}

function sha256(data: string | Buffer): string {
  return hash('sha256', data);
}

function hmac(key: Buffer, data: string): Buffer {
  return createHmac('sha256', createSecretKey(key)).update(data).digest();
}

function unrecognized(): KmsError {
  return new KmsError(
    'UnrecognizedClientException',
    'The security token included in the request is invalid.',
  );
}

function invalid(message: string): KmsError {
  return new KmsError('InvalidSignatureException', message);
}
