// SPDX-License-Identifier: Apache-2.0
import { writeLine } from '@enclave-vault/canary/core';
import { createControl } from './control.ts';
import { smokeTest } from './start.ts';

/** Handler of the smoke test: `index.handler`. Its answer is the report. */
export const handler = (): ReturnType<typeof smokeTest> => smokeTest(process.env);

/** Handler of the canaries' positive control: `index.control`. It answers nothing; its report is a line of its log. */
export const control = createControl({ env: process.env, write: writeLine });
