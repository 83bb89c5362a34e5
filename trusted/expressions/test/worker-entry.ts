// SPDX-License-Identifier: Apache-2.0
import { parentPort } from 'node:worker_threads';
import { runExpressionWorker } from '../src/index.ts';

if (parentPort) runExpressionWorker(parentPort);
