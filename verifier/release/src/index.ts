// SPDX-License-Identifier: Apache-2.0
export { checkFile } from './check-files.ts';
export { ReleaseError, type ReleaseErrorCode } from './errors.ts';
export {
  MAX_RELEASE,
  OPTIONAL_PARTS,
  type OptionalPart,
  PARTS,
  type Part,
  partsOf,
  RELEASE_TYPE,
  type Release,
  type ReleaseFile,
  signRelease,
  signReleaseBy,
  verifyRelease,
} from './release.ts';
