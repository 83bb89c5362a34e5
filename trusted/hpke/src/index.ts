// SPDX-License-Identifier: Apache-2.0
export { HpkeError, type HpkeErrorCode } from './errors.ts';
export { P256, P384, P521, parseSuiteId, type Suite, suiteId } from './suites.ts';
