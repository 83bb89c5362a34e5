// SPDX-License-Identifier: Apache-2.0
import { parentPort } from 'node:worker_threads';
import { runExpressionWorker } from '@enclave-vault/expressions';

if (parentPort !== null) runExpressionWorker(parentPort);
