// SPDX-License-Identifier: Apache-2.0
import { startAuthorizer } from './start.ts';

/** The function's handler: `index.handler`. */
export const handler = startAuthorizer(process.env, (line) => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
});
