// SPDX-License-Identifier: Apache-2.0
export { LinuxError, type LinuxErrorCode } from './errors.ts';
