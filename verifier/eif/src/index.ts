// SPDX-License-Identifier: Apache-2.0
export type { Bytes } from './byte-stream.ts';
export { type EnvelopeSigner, keyId, openEnvelope, sealEnvelope, sealEnvelopeBy } from './dsse.ts';
export { EifError, type EifErrorCode } from './errors.ts';
export type { Architecture } from './header.ts';
export {
  type ImageMeasurements,
  MANIFEST_TYPE,
  MAX_MANIFEST,
  type Manifest,
  measurementsOf,
  parseImageMeasurements,
  readManifest,
  signManifest,
  verifyManifest,
} from './manifest.ts';
export { type Eif, readEif } from './read.ts';
export { pcr3, pcr4, pcr16 } from './registers.ts';
export type { ImageSignature } from './signature.ts';
