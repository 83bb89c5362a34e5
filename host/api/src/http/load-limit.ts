// SPDX-License-Identifier: Apache-2.0

export interface LoadLimitOptions {
  /** Requests worked at that are never too many. */
  readonly least: number;
  /** Requests that are always enough, worked at or not: each holds memory. */
  readonly most: number;
  /** Of those, one caller's. */
  readonly ofOne: number;
  /** How long a request may have to wait for those before it, in seconds. */
  readonly seconds: number;
  /** Milliseconds, monotonic; injected for tests. */
  readonly now?: () => number;
}

/** Half the deadline of a request: what waits longer would use the vault's time and be answered too late. */
export const DEFAULT_LOAD_LIMIT: LoadLimitOptions = { least: 64, most: 1_000, ofOne: 750, seconds: 5 };

const WINDOW_MS = 1_000;

/** A request's place. What the server waits for is its work; what it waits for from the caller is none, however long that takes him. */
export interface Place {
  /** Whose it is. @returns false when he has as many as one may have */
  belongs(actor: string): boolean;
  /** The caller is waited for: there is nothing to do before he sends more. */
  rest(): void;
  /** It is worked at again. @returns false when that would be too much: then it still rests */
  resume(): boolean;
  /** It waits for its turn behind others of its caller, which are work: it is none, and goes on when its turn comes. Rejects as `turn` does. */
  aside(turn: Promise<void>): Promise<void>;
  /** All is done for it; the caller has to take the answer. */
  answered(): void;
  /** The answer is out, or nobody is left to take it. May be called again. */
  leave(): void;
}

/**
 * How many requests are worked at at once: as many as were answered in the last seconds, while there have been more than a few all the time; so
 * a flood is refused at once and not after its deadline, when every request before it was worked on for nothing. Who asks for little never meets it:
 * what a vault can do is known only when it is busy, and until then the bound is that of memory.
 *
 * A request that waits for its caller is bounded by memory alone. If it counted as work, 64 bodies that never end would make a vault that has
 * nothing to do look like one that answers nothing, and everybody else would be refused. The same goes for what waits behind others of its own
 * caller: 64 slow expressions of one, of which a few run at once, would be all the work that a vault takes.
 */
export class LoadLimit {
  readonly #options: Required<LoadLimitOptions>;
  readonly #ofActor = new Map<string, number>();
  #present = 0;
  #working = 0;
  #done = 0;
  #since: number;
  /** Whether there were more than a few through all of the window. */
  #busy = false;
  /** Requests answered a second while busy; undefined: not known. */
  #perSecond: number | undefined;

  constructor(options: LoadLimitOptions) {
    this.#options = { now: () => performance.now(), ...options };
    this.#since = this.#options.now();
  }

  /** Requests that have a place, whatever they wait for. */
  get present(): number {
    return this.#present;
  }

  /** Takes a place. @returns undefined when there is none */
  enter(): Place | undefined {
    if (this.#present >= this.#options.most || !this.#begin()) return undefined;
    this.#present += 1;
    return this.#place();
  }

  #place(): Place {
    let state: 'working' | 'resting' | 'left' = 'working';
    let owner: string | undefined;
    const rest = (done: 0 | 1): void => {
      if (state !== 'working') return;
      state = 'resting';
      this.#working -= 1;
      this.#done += done;
      this.#look();
    };
    return {
      rest: () => rest(0),
      answered: () => rest(1),
      belongs: (actor) => {
        const others = this.#ofActor.get(actor) ?? 0;
        if (others >= this.#options.ofOne) return false;
        owner = actor;
        this.#ofActor.set(actor, others + 1);
        return true;
      },
      resume: () => {
        if (state === 'resting' && this.#begin()) state = 'working';
        return state === 'working';
      },
      aside: async (turn) => {
        rest(0);
        try {
          await turn;
        } finally {
          if (state === 'resting') {
            state = 'working';
            this.#working += 1;
          }
        }
      },
      leave: () => {
        if (state === 'left') return;
        rest(1);
        state = 'left';
        this.#present -= 1;
        if (owner !== undefined) this.#left(owner);
      },
    };
  }

  #left(owner: string): void {
    const others = (this.#ofActor.get(owner) ?? 1) - 1;
    if (others === 0) this.#ofActor.delete(owner);
    else this.#ofActor.set(owner, others);
  }

  #begin(): boolean {
    this.#look();
    const { least, most, seconds } = this.#options;
    const bound = this.#perSecond === undefined ? most : Math.min(most, this.#perSecond * seconds);
    if (this.#working >= Math.max(least, bound)) return false;
    this.#working += 1;
    return true;
  }

  #look(): void {
    const { least, now } = this.#options;
    const at = now();
    // Half of them: a slow vault that is kept at `least` is busy, though one of those has just left.
    const few = this.#working < least / 2;
    if (few) {
      this.#busy = false;
      this.#perSecond = undefined;
    }
    const elapsed = at - this.#since;
    if (elapsed < WINDOW_MS) return;
    if (this.#busy) {
      const rate = (this.#done * 1000) / elapsed;
      this.#perSecond = this.#perSecond === undefined ? rate : (this.#perSecond + rate) / 2;
    }
    this.#busy = !few;
    this.#done = 0;
    this.#since = at;
  }
}
