// SPDX-License-Identifier: Apache-2.0

/** AWS's name of an error. It is all of an error that may be logged: its message may quote what was sent. */
export function awsName(error: unknown): string {
  return asWord(error instanceof Error ? error.name : undefined);
}

/** What an answer calls something, when it is a word. */
export function asWord(name: string | undefined): string {
  return name !== undefined && /^\w{1,64}$/.test(name) ? name : 'unknown';
}
