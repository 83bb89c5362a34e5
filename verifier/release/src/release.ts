// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import {
  EifError,
  type EnvelopeSigner,
  type ImageMeasurements,
  openEnvelope,
  parseImageMeasurements,
  sealEnvelope,
  sealEnvelopeBy,
} from '@enclave-vault/eif';
import { ReleaseError } from './errors.ts';

export const RELEASE_TYPE = 'application/vnd.enclave-vault.release.v1+json';
/** Bytes of the whole manifest. */
export const MAX_RELEASE = 256 * 1024;
/** Bytes of one file: S3 takes up to 5 GiB at once, and no part of ours comes near. */
const MAX_FILE = 2 * 1024 ** 3;

/** Parts of a release: functions for Lambda, the parent for an instance, the enclave image. */
export const PARTS = [
  'api',
  'authorizer',
  'smoke',
  'canary-inside',
  'canary-outside',
  'parent',
  'image',
] as const;
export type Part = (typeof PARTS)[number];

/** What a release may have beside them: bills of materials. Releases made before there were any have none. */
export const OPTIONAL_PARTS = ['sbom'] as const;
export type OptionalPart = (typeof OPTIONAL_PARTS)[number];

export interface ReleaseFile {
  /** Name beside the manifest, no folders. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface Release {
  /** `1.2.3`, with or without a pre-release: for people and for names. */
  readonly version: string;
  /** When it was signed, ms since the epoch, whole seconds. For people to read: nothing expires. */
  readonly issued: number;
  readonly files: Readonly<Record<Part, ReleaseFile> & Partial<Record<OptionalPart, ReleaseFile>>>;
  /** What the image measures to wherever it runs; it is signed, so PCR8 is there, and PCR3 and PCR16 are a deployment's. */
  readonly image: ImageMeasurements & { readonly pcr8: string };
}

/**
 * A release manifest in its envelope (SPEC.md), signed with ES384.
 *
 * @param privateKey on P-384
 * @throws {ReleaseError} `key_invalid`, `release_payload_invalid`
 */
export function signRelease(release: Release, privateKey: KeyObject): Buffer {
  const payload = payloadOf(release);
  return translated(() => sealEnvelope(RELEASE_TYPE, payload, privateKey));
}

/**
 * The same, signed by a key that is somewhere else.
 *
 * @throws {ReleaseError} `key_invalid`, `release_payload_invalid`, `release_signature_invalid` when it is not that key's signature; whatever the signer throws
 */
export async function signReleaseBy(release: Release, signer: EnvelopeSigner): Promise<Buffer> {
  const payload = payloadOf(release);
  try {
    return await sealEnvelopeBy(RELEASE_TYPE, payload, signer);
  } catch (error) {
    throw translation(error);
  }
}

/** The parts that a release has, in the order of its manifest. */
export function partsOf(files: Release['files']): readonly (Part | OptionalPart)[] {
  return [...PARTS, ...OPTIONAL_PARTS.filter((part) => files[part] !== undefined)];
}

function payloadOf({ version, issued, files, image }: Release): Buffer {
  const time = new Date(issued).toISOString().replace(/\.\d+Z$/, 'Z');
  // Members in one order, whatever order they were given in.
  const listed = Object.fromEntries(partsOf(files).map((part) => [part, files[part]]));
  const payload = Buffer.from(JSON.stringify({ v: 1, version, issued: time, files: listed, image }), 'utf8');
  // Never sign what would not be read back.
  parsePayload(payload);
  return payload;
}

/**
 * Opens a release manifest: the signature first, and nothing of the contents is looked at before.
 *
 * @param publicKey on P-384: KeyObject or SPKI as PEM
 * @throws {ReleaseError} `key_invalid`, `release_*`
 */
export function verifyRelease(bytes: Uint8Array, publicKey: KeyObject | string): Release {
  if (bytes.length > MAX_RELEASE) throw new ReleaseError('release_malformed');
  return parsePayload(translated(() => openEnvelope(RELEASE_TYPE, bytes, publicKey)));
}

function parsePayload(payload: Uint8Array): Release {
  const value = parseJson(payload);
  if (!isObject(value) || !hasOnly(value, ['v', 'version', 'issued', 'files', 'image']) || value.v !== 1) {
    throw new ReleaseError('release_payload_invalid');
  }
  const { version, issued, files, image } = value;
  const parts = [...PARTS, ...OPTIONAL_PARTS.filter((part) => isObject(files) && Object.hasOwn(files, part))];
  const good =
    typeof version === 'string' &&
    /^\d{1,6}\.\d{1,6}\.\d{1,6}(-[0-9a-z.-]{1,32})?$/.test(version) &&
    typeof issued === 'string' &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(issued) &&
    Number.isFinite(Date.parse(issued)) &&
    isObject(files) &&
    hasOnly(files, parts);
  if (!good) throw new ReleaseError('release_payload_invalid');
  const read = parts.map((part) => [part, parseFile(files[part])] as const);
  // One file cannot be two parts, or a signature over one would vouch for the other.
  if (new Set(read.map(([, { path }]) => path)).size !== parts.length) {
    throw new ReleaseError('release_payload_invalid');
  }
  return {
    version,
    issued: Date.parse(issued),
    files: Object.fromEntries(read) as Release['files'],
    image: parseImage(image),
  };
}

function parseFile(value: unknown): ReleaseFile {
  if (!isObject(value) || !hasOnly(value, ['path', 'bytes', 'sha256'])) {
    throw new ReleaseError('release_payload_invalid');
  }
  const { path, bytes, sha256 } = value;
  const good =
    typeof path === 'string' &&
    /^[a-z0-9][a-z0-9._-]{0,127}$/.test(path) &&
    path !== 'release.json' &&
    typeof bytes === 'number' &&
    Number.isSafeInteger(bytes) &&
    bytes > 0 &&
    bytes <= MAX_FILE &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256);
  if (!good) throw new ReleaseError('release_payload_invalid');
  return { path, bytes, sha256 };
}

function parseImage(value: unknown): Release['image'] {
  const image = translated(() => parseImageMeasurements(value));
  const { pcr3, pcr8, pcr16, ...rest } = image;
  // A role or a configuration in it would make the release one deployment's; an unsigned image has nothing to pin.
  if (pcr3 !== undefined || pcr16 !== undefined || pcr8 === undefined) {
    throw new ReleaseError('release_payload_invalid');
  }
  return { ...rest, pcr8 };
}

const CODES = {
  key_invalid: 'key_invalid',
  manifest_malformed: 'release_malformed',
  manifest_type: 'release_type',
  manifest_signature_invalid: 'release_signature_invalid',
} as const;

/** The envelope is the measurement manifest's, and so are its errors. */
function translated<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw translation(error);
  }
}

function translation(cause: unknown): unknown {
  if (!(cause instanceof EifError)) return cause;
  const code = Object.entries(CODES).find(([theirs]) => theirs === cause.code)?.[1];
  return new ReleaseError(code ?? 'release_payload_invalid', { cause });
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ReleaseError('release_payload_invalid');
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasOnly(value: Readonly<Record<string, unknown>>, names: readonly string[]): boolean {
  return Object.keys(value).sort().join() === [...names].sort().join();
}
