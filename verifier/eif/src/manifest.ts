// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import type { Measurements } from '@enclave-vault/policies';
import { openEnvelope, sealEnvelope } from './dsse.ts';
import { EifError } from './errors.ts';
import type { Architecture } from './header.ts';
import { isObject, json } from './texts.ts';

export const MANIFEST_TYPE = 'application/vnd.enclave-vault.measurements.v1+json';
/** Bytes of the whole file. */
export const MAX_MANIFEST = 1024 * 1024;
const MAX_IMAGES = 32;

/** Registers that a key policy pins, under the names it uses. */
const REGISTERS = ['pcr0', 'pcr1', 'pcr2', 'pcr3', 'pcr8', 'pcr16'] as const;
/** Those that every image has; the others follow from where it runs, or from its signature. */
const REQUIRED: readonly string[] = ['pcr0', 'pcr1', 'pcr2'];

/** What one image measures to where it is to run: SHA-384 in lower-case hex. */
export type ImageMeasurements = Readonly<
  Record<'pcr0' | 'pcr1' | 'pcr2', string> & Partial<Record<'pcr3' | 'pcr8' | 'pcr16', string>>
> & {
  readonly name: string;
  readonly architecture: Architecture;
};

/** The images that a deployment admits, as a person or pipeline signed them. */
export interface Manifest {
  /** When it was signed, ms since the epoch, whole seconds. For people to read: nothing expires. */
  readonly issued: number;
  /** At least one. More than one during a rollout. */
  readonly images: readonly ImageMeasurements[];
}

/**
 * A manifest in its envelope (SPEC.md), signed with ES384.
 *
 * @param privateKey on P-384
 * @throws EifError `key_invalid`, `manifest_payload_invalid`
 */
export function signManifest({ issued, images }: Manifest, privateKey: KeyObject): Buffer {
  const time = new Date(issued).toISOString().replace(/\.\d+Z$/, 'Z');
  const payload = Buffer.from(JSON.stringify({ v: 1, issued: time, images }), 'utf8');
  // Never sign what would not be read back.
  parsePayload(payload);
  return sealEnvelope(MANIFEST_TYPE, payload, privateKey);
}

/**
 * Opens a manifest: the signature first, and nothing of the contents is looked at before.
 *
 * @param publicKey on P-384: KeyObject or SPKI as PEM
 * @throws EifError `key_invalid`, `manifest_*`
 */
export function verifyManifest(bytes: Uint8Array, publicKey: KeyObject | string): Manifest {
  if (bytes.length > MAX_MANIFEST) throw new EifError('manifest_malformed');
  return parsePayload(openEnvelope(MANIFEST_TYPE, bytes, publicKey));
}

/**
 * What a key policy pins, from a signed manifest.
 *
 * @throws EifError as verifyManifest, and `manifest_incomplete`
 */
export function readManifest(bytes: Uint8Array, publicKey: KeyObject | string): Measurements {
  return measurementsOf(verifyManifest(bytes, publicKey));
}

/**
 * The values of each register, in the order of the images.
 *
 * @throws EifError `manifest_incomplete`: an image lacks a register that a key policy pins. Such a manifest describes a release, not a deployment.
 */
export function measurementsOf({ images }: Manifest): Measurements {
  const valuesOf = (register: (typeof REGISTERS)[number]): readonly string[] => [
    ...new Set(
      images.map((image) => {
        const value = image[register];
        if (value === undefined) throw new EifError('manifest_incomplete');
        return value;
      }),
    ),
  ];
  return {
    pcr0: valuesOf('pcr0'),
    pcr1: valuesOf('pcr1'),
    pcr2: valuesOf('pcr2'),
    pcr3: valuesOf('pcr3'),
    pcr8: valuesOf('pcr8'),
    pcr16: valuesOf('pcr16'),
  };
}

function parsePayload(payload: Uint8Array): Manifest {
  const value = json(payload);
  if (!isObject(value) || Object.keys(value).sort().join() !== 'images,issued,v' || value.v !== 1) {
    throw new EifError('manifest_payload_invalid');
  }
  const { issued, images } = value;
  if (typeof issued !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(issued)) {
    throw new EifError('manifest_payload_invalid');
  }
  const time = Date.parse(issued);
  if (!Number.isFinite(time) || !Array.isArray(images) || images.length < 1 || images.length > MAX_IMAGES) {
    throw new EifError('manifest_payload_invalid');
  }
  return { issued: time, images: images.map(parseImageMeasurements) };
}

/**
 * An image as a manifest names it.
 *
 * @throws EifError `manifest_payload_invalid`
 */
export function parseImageMeasurements(value: unknown): ImageMeasurements {
  if (!isObject(value)) throw new EifError('manifest_payload_invalid');
  const { name, architecture, ...registers } = value;
  const ok =
    typeof name === 'string' &&
    /^[^\p{Cc}]{1,128}$/u.test(name) &&
    (architecture === 'x86_64' || architecture === 'aarch64') &&
    REQUIRED.every((register) => Object.hasOwn(registers, register)) &&
    Object.entries(registers).every(
      ([register, hex]) =>
        (REGISTERS as readonly string[]).includes(register) && typeof hex === 'string' && isMeasurement(hex),
    );
  if (!ok) throw new EifError('manifest_payload_invalid');
  return value as ImageMeasurements;
}

/** A register of zeroes is what an enclave in debug mode shows, or what nothing was measured into: it admits everyone. */
function isMeasurement(hex: string): boolean {
  return /^[0-9a-f]{96}$/.test(hex) && !/^0+$/.test(hex);
}
