// SPDX-License-Identifier: Apache-2.0

/** Microseconds since the epoch as RFC 3339 UTC with microseconds (formats, "Names"). */
export function formatTime(micros: number): string {
  const millis = Math.floor(micros / 1000);
  const rest = String(micros - millis * 1000).padStart(3, '0');
  return `${new Date(millis).toISOString().slice(0, -1)}${rest}Z`;
}

/**
 * Reads RFC 3339 UTC with up to six decimals.
 * @returns microseconds since the epoch; undefined when the text is not such a time
 */
export function parseTime(text: string): number | undefined {
  const match = /^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,6}))?Z$/.exec(text);
  const [, seconds = '', fraction = ''] = match ?? [];
  const millis = Date.parse(`${seconds}.000Z`);
  // Date.parse rolls 31 April over to 1 May: a real time comes back as it went in.
  if (Number.isNaN(millis) || new Date(millis).toISOString() !== `${seconds}.000Z`) return undefined;
  return millis * 1000 + Number(fraction.padEnd(6, '0'));
}
