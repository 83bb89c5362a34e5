// SPDX-License-Identifier: Apache-2.0
import { DeployError } from '../../src/errors.ts';
import type { Limits } from '../../src/limits.ts';
import type { Clock, Console } from '../../src/ports.ts';

/** Time passes in sleep alone. */
export class FakeClock implements Clock {
  time = 1_700_000_000_000;
  /** Ctrl-C at the so-manieth sleep. */
  interruptAt = Number.POSITIVE_INFINITY;
  sleeps = 0;
  now = (): number => this.time;
  sleep = async (ms: number): Promise<void> => {
    this.sleeps += 1;
    if (this.sleeps >= this.interruptAt) throw new DeployError('interrupted', 'stopped');
    this.time += ms;
  };
}

export class FakeConsole implements Console {
  readonly lines: string[] = [];
  readonly questions: string[] = [];
  answers: (string | undefined)[] = [];
  say = (line: string): void => {
    this.lines.push(line);
  };
  ask = async (question: string): Promise<string | undefined> => {
    this.questions.push(question);
    return this.answers.shift();
  };
  get text(): string {
    return this.lines.join('\n');
  }
}

export const SHORT: Limits = {
  poll: 1_000,
  changeSet: 10_000,
  stack: 30_000,
  iamSettles: 1_000,
  signing: 10_000,
  health: 60_000,
  deletion: 60_000,
  deletionRetry: 5_000,
};

/** The error's code and message with details, or a failure of the test when there is none. */
export async function refusal(action: Promise<unknown>): Promise<{ code: string; text: string }> {
  try {
    await action;
  } catch (error) {
    if (error instanceof DeployError) {
      return { code: error.code, text: [error.message, ...error.details].join('\n') };
    }
    throw error;
  }
  throw new Error('nothing was refused');
}
