// SPDX-License-Identifier: Apache-2.0
import { DeployError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Clock, Console, StackEvent, StackState, Stacks } from '../ports.ts';
import { phaseOf } from './statuses.ts';

/** What every operation on a stack needs. */
export interface StackTools {
  readonly stacks: Stacks;
  readonly clock: Clock;
  readonly console: Console;
  readonly limits: Limits;
}

const STACK = 'AWS::CloudFormation::Stack';

/** How an operation ended, and what failed in it, the first failure first. */
export interface Ended {
  readonly state: StackState;
  readonly failures: readonly StackEvent[];
}

/** The newest event of a stack: what comes after it belongs to the operation that is begun now. */
export async function newestEvent(stacks: Stacks, stack: string): Promise<string | undefined> {
  for await (const { id } of stacks.events(stack)) return id;
  return undefined;
}

/**
 * Shows a stack's events as they come, until CloudFormation has ended its work on it.
 * @param stack its id, which finds it after its deletion too
 * @param after events up to this one are of earlier operations
 * @param begun the operation was under way before: otherwise it is waited for its first event too, since a stack says
 *   for a moment what it said before
 * @throws {DeployError} `stack_timeout`, `interrupted`: CloudFormation goes on
 */
export async function follow(
  { stacks, clock, console, limits }: StackTools,
  stack: { readonly id: string; readonly name: string },
  after: string | undefined,
  { begun = false, within = limits.stack }: { readonly begun?: boolean; readonly within?: number } = {},
): Promise<Ended> {
  const deadline = clock.now() + within;
  const failures: StackEvent[] = [];
  let seen = after;
  let started = begun;
  for (;;) {
    const state = await stacks.describe(stack.id);
    if (state === undefined) throw new DeployError('service_failed', `${stack.name} is not there any more`);
    // Read after the state, so that the events of an ended operation are all there.
    const events = await newEvents(stacks, stack.id, seen);
    for (const event of events) console.say(`  ${eventLine(event)}`);
    failures.push(...events.filter(isCause));
    seen = events.at(-1)?.id ?? seen;
    started ||= events.some(({ type, logicalId }) => type === STACK && logicalId === stack.name);
    if (started && phaseOf(state.status) !== 'busy') return { state, failures };
    if (clock.now() >= deadline) {
      throw new DeployError('stack_timeout', `${stack.name} is still ${state.status}`);
    }
    await patient(clock, limits.poll, stack.name, state.status);
  }
}

async function patient(clock: Clock, ms: number, stack: string, status: string): Promise<void> {
  try {
    await clock.sleep(ms);
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'interrupted') throw error;
    throw new DeployError('interrupted', `stopped while ${stack} was ${status}`);
  }
}

/** Oldest first. */
async function newEvents(stacks: Stacks, stack: string, after: string | undefined): Promise<StackEvent[]> {
  const found: StackEvent[] = [];
  for await (const event of stacks.events(stack)) {
    if (event.id === after) break;
    found.push(event);
  }
  return found.reverse();
}

/** What failed by itself, not what was broken off because of it. */
function isCause({ status, reason }: StackEvent): boolean {
  return status.endsWith('_FAILED') && !/cancelled|failed to (create|update|delete): \[/i.test(reason ?? '');
}

/** An event as a line of progress. */
export function eventLine({ time, status, type, logicalId, reason }: StackEvent): string {
  const at = new Date(time).toISOString().slice(11, 19);
  const said = reason === undefined || reason === '' ? '' : `: ${oneLine(reason)}`;
  return `${at} ${status.padEnd(20)} ${logicalId} (${type})${said}`;
}

/** A failure as a line of an error. */
export function failureLine({ type, logicalId, status, reason }: StackEvent): string {
  return `${logicalId} (${type}) ${status}: ${oneLine(reason ?? 'no reason given')}`;
}

/** What AWS says may have line ends and, of what is encoded in it, no end. */
function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 600 ? `${line.slice(0, 600)}…` : line;
}
