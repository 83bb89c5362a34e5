// SPDX-License-Identifier: Apache-2.0
/** The canary of a vault on one machine. */
export { ApiCallError, callLocalApi, type LocalApi, refusalOf } from './api.ts';
export { decryptControl } from './control.ts';
export { comparedKeys } from './look.ts';
export { LocalCanary, type RunOptions } from './run.ts';
export { LOCAL_CANARY, type LocalCanaryConfig } from './settings.ts';
