// SPDX-License-Identifier: Apache-2.0

/** A pattern: code units, and the wildcards below zero. */
export type Glob = readonly number[];

export type Matcher = (text: string) => boolean;

/** `*` and `?`; the last two stop at a colon. */
export const ANY = -1;
export const ONE = -2;
export const ANY_BUT_COLON = -3;
export const ONE_BUT_COLON = -4;

export const COLON = 58;

/** A lone `*`. */
export const isEverything = (glob: Glob): boolean => glob.length === 1 && glob[0] === ANY;

export function pushText(glob: number[], text: string): void {
  for (let at = 0; at < text.length; at++) glob.push(text.charCodeAt(at));
}

/** Nearly all patterns are plain text, `*`, or text and one `*`: those are compared as strings. */
export function matcher(glob: Glob): Matcher {
  if (isEverything(glob)) return () => true;
  const wild = glob.findIndex((unit) => unit < 0);
  const plain = wild === -1 ? glob : glob.slice(0, wild);
  const text = plain.map((unit) => String.fromCharCode(unit)).join('');
  if (wild === -1) return (actual) => actual === text;
  if (wild === glob.length - 1 && glob[wild] === ANY) return (actual) => actual.startsWith(text);
  return (actual) => actual.startsWith(text) && matchGlob(glob, actual);
}

/** Follows all positions of the pattern at once: without backtracking the cost is at most pattern times text. */
export function matchGlob(glob: Glob, text: string): boolean {
  let states = new Uint8Array(glob.length + 1);
  let next = new Uint8Array(glob.length + 1);
  states[0] = 1;
  passEmptyRuns(glob, states);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    let alive = false;
    next.fill(0);
    for (let state = 0; state < glob.length; state++) {
      const step = states[state] === 1 ? advance(glob[state], unit) : null;
      if (step === null) continue;
      next[state + step] = 1;
      alive = true;
    }
    if (!alive) return false;
    passEmptyRuns(glob, next);
    [states, next] = [next, states];
  }
  return states[glob.length] === 1;
}

/** How far one character takes a position: 0 within a run, 1 past it, null not at all. */
function advance(want: number | undefined, unit: number): 0 | 1 | null {
  switch (want) {
    case ANY:
      return 0;
    case ONE:
      return 1;
    case ANY_BUT_COLON:
      return unit === COLON ? null : 0;
    case ONE_BUT_COLON:
      return unit === COLON ? null : 1;
    default:
      return want === unit ? 1 : null;
  }
}

/** `*` may stand for nothing. */
function passEmptyRuns(glob: Glob, states: Uint8Array): void {
  for (let state = 0; state < glob.length; state++) {
    const run = glob[state] === ANY || glob[state] === ANY_BUT_COLON;
    if (run && states[state] === 1) states[state + 1] = 1;
  }
}
