// SPDX-License-Identifier: Apache-2.0
import { createCanary } from './handler.ts';
import { awsLook } from './look.ts';
import { writeLine } from './report.ts';

/** Handler of the canary inside the VPC: `index.handler`. */
export const handler = createCanary({
  place: 'inside',
  env: process.env,
  write: writeLine,
  look: (config) => {
    const { keys, table } = config;
    const { vault, request, integrity } = keys;
    return integrity === undefined || table === undefined
      ? undefined
      : awsLook({ keys: { vault, request, integrity }, table }, config);
  },
});
