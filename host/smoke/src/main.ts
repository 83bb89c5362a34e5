// SPDX-License-Identifier: Apache-2.0
import { smokeTest } from './start.ts';

/** The function's handler: `index.handler`. Its answer is the report. */
export const handler = (): ReturnType<typeof smokeTest> => smokeTest(process.env);
