// SPDX-License-Identifier: Apache-2.0

/** Where the channel tells what happens: an event's name and fields, never key material. */
export type Log = (
  level: 'info' | 'warn' | 'error',
  event: string,
  fields?: Readonly<Record<string, unknown>>,
) => void;
