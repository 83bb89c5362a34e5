// SPDX-License-Identifier: Apache-2.0
import { functionAdapters } from './adapters.ts';
import { startFunction } from './start.ts';

// Lambda waits for a module's top level, with more of a processor than an invocation gets.
const { handler: answer, close } = await startFunction({ env: process.env, adapters: functionAdapters });

/** The function's handler: `index.handler`. */
export const handler = answer;

// Sent where the function has an extension; keys are forgotten in order.
process.once('SIGTERM', () => {
  void close().finally(() => process.exit(0));
});
