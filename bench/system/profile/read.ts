// SPDX-License-Identifier: Apache-2.0
import { type Frame, type Group, groupOf, IDLE } from './groups.ts';

interface Node {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** A V8 CPU profile (https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile). Times in microseconds of the monotonic clock. */
export interface Profile {
  readonly nodes: readonly Node[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** From when until when, in microseconds of the monotonic clock: what happened before and after is none of the measurement. */
export type Window = readonly [from: number, until: number];

/** Functions of a process that a result names. */
const MOST_FUNCTIONS = 12;

export interface Shares {
  /** Seconds in which it was not idle. */
  readonly busy: number;
  /** Seconds by what they were for, most first. */
  readonly groups: Readonly<Partial<Record<Group, number>>>;
  /** Functions with the most time of their own. */
  readonly top: readonly { readonly name: string; readonly group: Group; readonly seconds: number }[];
}

/** Where a process's main thread spent a window of time. @param locate names the source that a line of a bundle came from */
export function readProfile(
  profile: Profile,
  [from, until]: Window,
  locate: (url: string, line: number) => string,
): Shares {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map<number, number>();
  for (const { id, children = [] } of profile.nodes) for (const child of children) parents.set(child, id);
  const frame = (id: number): Frame => {
    const { functionName, url, lineNumber } = nodes.get(id)?.callFrame ?? {
      functionName: '',
      url: '',
      lineNumber: 0,
    };
    return { functionName, url: url === '' ? '' : locate(url, lineNumber) };
  };
  const selves = new Map<number, number>();
  let at = profile.startTime;
  profile.samples.forEach((id, i) => {
    const delta = profile.timeDeltas[i] ?? 0;
    at += delta;
    // A sample stands for the time until the next one.
    const next = profile.timeDeltas[i + 1] ?? 0;
    if (at >= from && at < until) selves.set(id, (selves.get(id) ?? 0) + next);
  });
  const groups: Partial<Record<Group, number>> = {};
  const functions = new Map<string, { group: Group; seconds: number }>();
  let busy = 0;
  for (const [id, micros] of selves) {
    const own = frame(id);
    if (own.functionName === IDLE) continue;
    const seconds = micros / 1e6;
    const group = groupOf(own, callersOf(id, parents, frame));
    busy += seconds;
    groups[group] = (groups[group] ?? 0) + seconds;
    const name = `${own.functionName === '' ? '(anonymous)' : own.functionName}${own.url === '' ? '' : ` ${short(own.url)}`}`;
    const found = functions.get(name);
    functions.set(name, { group, seconds: (found?.seconds ?? 0) + seconds });
  }
  const top = [...functions]
    .map(([name, rest]) => ({ name, ...rest }))
    .toSorted((a, b) => b.seconds - a.seconds);
  const sorted = Object.entries(groups).toSorted(([, a], [, b]) => b - a);
  return { busy, groups: Object.fromEntries(sorted), top: top.slice(0, MOST_FUNCTIONS) };
}

function callersOf(id: number, parents: ReadonlyMap<number, number>, frame: (id: number) => Frame): Frame[] {
  const all: Frame[] = [];
  for (let up = parents.get(id); up !== undefined; up = parents.get(up)) all.push(frame(up));
  return all;
}

const short = (url: string): string =>
  url.replace(/^file:\/\/.*?\/(?=host\/|trusted\/|verifier\/|emulators\/|tools\/|node_modules\/)/, '');

/** A reader of a bundle's own notes of where each part came from: `// path` on a line of its own. */
export function bundleSources(source: string, shift: number): (line: number) => string {
  const starts = source.split('\n').flatMap((text, i) => {
    const path = /^\/\/ ((?:trusted|verifier|node_modules)\/\S+)$/.exec(text)?.[1];
    return path === undefined ? [] : [{ line: i + shift, path }];
  });
  return (line) => starts.findLast((start) => start.line <= line)?.path ?? 'enclave.mjs';
}
