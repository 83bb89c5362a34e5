// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { AttestationError, type VerifiedAttestation, verifyAttestation } from '@enclave-vault/attestation';
import { DEADLINE_HEADER } from '@enclave-vault/parent';
import { encodeAttestationRequest } from '@enclave-vault/protocol';
import { type Check, codeOf, type Outcome, Skip } from '../check.ts';
import type { ParentLink } from '../parent-link.ts';
import type { Expected, Subject } from '../subject.ts';

const ANSWER_MS = 4_000;
const MAX_BYTES = 64 * 1024;

export const parent: Check = {
  name: 'parent',
  proves: 'The parent answers over its mutually authenticated channel and has healthy enclaves.',
  mend: 'Look at the parent’s log. Over TLS the two channel roots must be those of this deployment, and both clocks right.',
  run: async (subject) => {
    const link = linkOf(subject);
    const health = await ask(link, '/health');
    if ('failed' in health) return [{ status: 'fail', seen: `${link.address}: ${health.failed}` }];
    const states = link.healthOnly ? undefined : await statesOf(link);
    const told =
      states === undefined ? 'how many is not told here' : `enclaves: ${states.join(', ') || 'none'}`;
    if (health.status !== 200) {
      const reason = word(health.body.reason) ?? word(health.body.status) ?? 'unknown';
      return [{ status: 'fail', seen: `no enclave is healthy (${reason}); ${told}` }];
    }
    if (states === undefined) return [{ status: 'ok', seen: `an enclave is healthy; ${told}` }];
    const healthy = states.every((state) => state === 'healthy');
    return [{ status: healthy ? 'ok' : 'warn', seen: told }];
  },
};

async function statesOf(link: ParentLink): Promise<readonly string[]> {
  const answer = await ask(link, '/enclaves');
  return 'failed' in answer ? [] : listOf(answer.body.enclaves).map(({ state }) => word(state) ?? 'unknown');
}

export const enclaveAttestation: Check = {
  name: 'enclave_attestation',
  proves:
    'An enclave signs a nonce of ours under the pinned root, is not in debug mode, and measures to the manifest, role and configuration of this deployment.',
  mend: 'Start the image that the manifest is of, outside debug mode; or deploy with the manifest of the image that runs.',
  mendLocal: 'Start the image that is pinned; if the change is yours: npm start -- --accept-measurements.',
  limitMs: 6_000,
  run: async (subject) => {
    const document = await documentOf(subject);
    if (document === undefined) return [{ status: 'fail', seen: 'no enclave answers' }];
    let verified: VerifiedAttestation;
    try {
      verified = verifyAttestation(document.bytes, {
        ...(subject.attestationRoot === undefined ? {} : { root: subject.attestationRoot }),
        production: subject.attestationRoot === undefined,
        at: document.at,
        nonce: document.nonce,
        requirePcrs: [3, 8, 16],
      });
    } catch (error) {
      if (!(error instanceof AttestationError)) throw error;
      const explained = REFUSALS[error.code];
      return [
        {
          status: 'fail',
          seen: explained === undefined ? `refused: ${error.message}` : `${explained} (${error.message})`,
        },
      ];
    }
    return [compare(verified, subject.expected)];
  },
};

const REFUSALS: Readonly<Record<string, string>> = {
  debug_mode: 'the enclave runs in DEBUG MODE: its console shows what it decrypts',
  chain_foreign_root: 'another root vouches for it than the pinned one',
  document_from_future: 'its time is ahead of this machine’s: see the clock',
  certificate_not_yet_valid: 'its time is ahead of this machine’s: see the clock',
  certificate_expired: 'its certificates have expired, or this machine’s clock is ahead',
  nonce_mismatch: 'it is not an answer to this request',
  pcr_missing: 'it leaves out registers that must be there',
};

const REGISTERS = [
  [0, 'pcr0'],
  [1, 'pcr1'],
  [2, 'pcr2'],
  [3, 'pcr3'],
  [8, 'pcr8'],
  [16, 'pcr16'],
] as const;

const MEANING: Readonly<Record<number, string>> = {
  0: 'image',
  1: 'kernel',
  2: 'application',
  3: 'role of the parent',
  8: 'signing certificate',
  16: 'configuration',
};

function compare({ pcrs }: VerifiedAttestation, expected: Expected): Outcome {
  const known = REGISTERS.filter(([, name]) => expected[name] !== undefined);
  const other = known.filter(([n, name]) => !expected[name]?.includes(pcrs.get(n)?.toString('hex') ?? ''));
  if (other.length > 0) {
    const named = other.map(([n]) => `PCR${n} (${MEANING[n]})`).join(', ');
    return { status: 'fail', seen: `genuine, but of another ${named} than this deployment’s` };
  }
  const unknown = REGISTERS.filter(([, name]) => expected[name] === undefined).map(([n]) => `PCR${n}`);
  if (unknown.length === 0) return { status: 'ok', seen: 'genuine, and measures as it should' };
  return {
    status: 'warn',
    seen: `genuine; ${unknown.join(', ')} could not be compared`,
    mend: 'Give --manifest (PCR0, 1, 2, 8), the deployment’s file (PCR3) and the parent’s role file (PCR16).',
  };
}

/** A document as it came. */
export interface FetchedDocument {
  readonly bytes: Buffer;
  readonly nonce: Buffer;
  /** Our clock at half the way, and how long the way was: ms. */
  readonly at: number;
  readonly tookMs: number;
}

const fetched = new WeakMap<Subject, Promise<FetchedDocument | undefined>>();

/** An attestation document made for this run; two checks share it. @throws {Skip} when there is no parent to ask */
export function documentOf(subject: Subject): Promise<FetchedDocument | undefined> {
  const link = linkOf(subject);
  if (link.healthOnly)
    throw new Skip('the parent’s place here tells of its health only: ask with the API’s role file');
  const known = fetched.get(subject) ?? fetchDocument(link, subject.now);
  fetched.set(subject, known);
  return known;
}

async function fetchDocument(link: ParentLink, now: () => number): Promise<FetchedDocument | undefined> {
  const nonce = randomBytes(32);
  const began = now();
  const answer = await link
    .request({
      method: 'POST',
      path: '/attestation',
      body: encodeAttestationRequest(nonce),
      // By the parent's clock, which may not be ours; it has a bound of its own.
      headers: { 'content-type': 'application/cbor', [DEADLINE_HEADER]: String(Date.now() + ANSWER_MS) },
      timeoutMs: ANSWER_MS,
      maxBytes: MAX_BYTES,
    })
    .catch((error: unknown) => {
      if (error instanceof Skip) throw error;
      return undefined;
    });
  if (answer?.status !== 200) return undefined;
  const tookMs = now() - began;
  return { bytes: answer.body, nonce, at: began + tookMs / 2, tookMs };
}

function linkOf({ parent: link, noParent }: Subject): ParentLink {
  if (link === undefined) throw new Skip(noParent ?? 'no role file says where the parent is');
  return link;
}

type Answer =
  | { readonly status: number; readonly body: Readonly<Record<string, unknown>> }
  | { readonly failed: string };

async function ask(link: ParentLink, path: string): Promise<Answer> {
  try {
    const { status, body } = await link.request({
      method: 'GET',
      path,
      timeoutMs: ANSWER_MS,
      maxBytes: MAX_BYTES,
    });
    const value: unknown = JSON.parse(body.toString('utf8'));
    return {
      status,
      body: typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {},
    };
  } catch (error) {
    if (error instanceof Skip) throw error;
    if (error instanceof SyntaxError) return { failed: 'its answer is not JSON: is that a parent?' };
    return { failed: link.lastFailure ?? `does not answer (${codeOf(error)})` };
  }
}

function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'object' && one !== null) : [];
}

/** A code of the parent's; anything else is not shown. */
function word(value: unknown): string | undefined {
  return typeof value === 'string' && /^[a-z_]{1,40}$/.test(value) ? value : undefined;
}
