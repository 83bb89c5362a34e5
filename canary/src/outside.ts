// SPDX-License-Identifier: Apache-2.0
import { createCanary } from './handler.ts';
import { writeLine } from './report.ts';

/** Handler of the canary outside any VPC: `index.handler`. */
export const handler = createCanary({ place: 'outside', env: process.env, write: writeLine });
