// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** What is fetched, and what is made of it. */
export const CACHE = `${ROOT}.cache/vm`;
export const GUEST = `${ROOT}tests/vm/guest`;
