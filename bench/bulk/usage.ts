// SPDX-License-Identifier: Apache-2.0
/** Loaded into a process before its program: as it ends, it says by the fourth descriptor what it took, which nobody can ask afterwards. */
import { writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) process.once('exit', () => writeSync(3, JSON.stringify(process.resourceUsage())));
