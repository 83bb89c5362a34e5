// SPDX-License-Identifier: Apache-2.0
/** What images and archives are made of: files that others made, each by its digest, and archives of our own. */
export { type Member, readAr, readTar } from './archives.ts';
export {
  type BomComponent,
  type BundleInputs,
  billOfMaterials,
  bundledPackages,
  inputsOf,
  npmComponent,
  type Product,
} from './bom.ts';
export { type Pinned, pinnedInput } from './cache.ts';
export { ImageError, type ImageErrorCode } from './errors.ts';
export { type NpmPin, npmPackage, npmPin } from './npm.ts';
export { tar, tarGzip } from './tar.ts';
export { type Entry, tree } from './tree.ts';
