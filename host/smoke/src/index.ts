// SPDX-License-Identifier: Apache-2.0
export type { SmokeCheck, SmokeCode, SmokeReport } from './report.ts';
