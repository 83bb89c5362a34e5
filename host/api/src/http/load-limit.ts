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
/** Of what may be worked at, one caller's part: what he waits for may be slow for him alone, as a KMS that makes no key pairs. */
const OF_ONE = 3 / 4;

/** A request's place. What the server waits for is its work; what it waits for from the caller is none, however long that takes him. */
export interface Place {
  /** Whose it is. @returns false when he has as many as one may have */
  belongs(actor: string): boolean;
  /** Its work begins, which goes on when the caller goes away. @returns false when he has gone already */
  begin(): boolean;
  /** Its work is over, whoever still waits for it. */
  end(): void;
  /** The caller is waited for: there is nothing to do before he sends more. */
  rest(): void;
  /** It is worked at again. @returns false when that would be too much: then it still rests */
  resume(): boolean;
  /** It waits for its turn behind others of its caller, which are work: it is none, and goes on when its turn comes. Rejects as `turn` does. */
  aside(turn: Promise<void>): Promise<void>;
  /** All is done for it; the caller has to take the answer. */
  answered(): void;
  /** The answer is out, or nobody is left to take it: the place is free as soon as no work goes on in it. May be called again. */
  leave(): void;
}

/** A caller with requests here. */
interface Owner {
  readonly actor: string;
  present: number;
  working: number;
}

/**
 * How many requests are worked at at once: as many as were answered in the last seconds, while there have been more than a few all the time; so
 * a flood is refused at once and not after its deadline, when every request before it was worked on for nothing. Who asks for little never meets it:
 * what a vault can do is known only when it is busy, and until then the bound is that of memory.
 *
 * A request that waits for its caller is bounded by memory alone. If it counted as work, 64 bodies that never end would make a vault that has
 * nothing to do look like one that answers nothing, and everybody else would be refused. The same goes for what waits behind others of its own
 * caller: 64 slow expressions of one, of which a few run at once, would be all the work that a vault takes.
 *
 * Who goes away does not take his work with him: it keeps his place until it is over, or he would have begun as much as he likes by hanging up.
 */
export class LoadLimit {
  readonly #options: Required<LoadLimitOptions>;
  readonly #owners = new Map<string, Owner>();
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
    if (this.#present >= this.#options.most || !this.#mayWork()) return undefined;
    this.#present += 1;
    this.#working += 1;
    return this.#place();
  }

  #place(): Place {
    let state: 'working' | 'resting' | 'left' = 'working';
    let owner: Owner | undefined;
    let begun = false;
    let gone = false;
    const work = (): void => {
      state = 'working';
      this.#working += 1;
      if (owner !== undefined) owner.working += 1;
    };
    const rest = (done: 0 | 1): void => {
      if (state !== 'working') return;
      state = 'resting';
      this.#working -= 1;
      if (owner !== undefined) owner.working -= 1;
      this.#done += done;
      this.#look();
    };
    const leaveIfOver = (): void => {
      if (!gone || begun || state === 'left') return;
      // An answer that nobody took is none: who hangs up says nothing of what the vault can do.
      rest(0);
      state = 'left';
      this.#present -= 1;
      if (owner !== undefined) this.#left(owner);
    };
    return {
      rest: () => rest(0),
      answered: () => rest(1),
      belongs: (actor) => {
        const found = this.#owners.get(actor) ?? { actor, present: 0, working: 0 };
        if (found.present >= this.#options.ofOne || found.working >= this.#most() * OF_ONE) return false;
        owner = found;
        this.#owners.set(actor, owner);
        owner.present += 1;
        if (state === 'working') owner.working += 1;
        return true;
      },
      begin: () => {
        if (gone) return false;
        begun = true;
        return true;
      },
      end: () => {
        begun = false;
        leaveIfOver();
      },
      resume: () => {
        if (state === 'resting' && this.#mayWork(owner)) work();
        return state === 'working';
      },
      aside: async (turn) => {
        rest(0);
        try {
          await turn;
        } finally {
          if (state === 'resting') work();
        }
      },
      leave: () => {
        gone = true;
        leaveIfOver();
      },
    };
  }

  #left(owner: Owner): void {
    owner.present -= 1;
    if (owner.present === 0) this.#owners.delete(owner.actor);
  }

  #mayWork(owner?: Owner): boolean {
    this.#look();
    const most = this.#most();
    if (owner !== undefined && owner.working >= most * OF_ONE) return false;
    if (this.#working < most) return true;
    // What one caller has beyond his part was begun before the vault was known to be slow: it keeps nobody else out.
    let others = this.#working;
    for (const { working } of this.#owners.values()) others -= Math.max(0, working - most * OF_ONE);
    return others < most;
  }

  /** What may be worked at at once. */
  #most(): number {
    const { least, most, seconds } = this.#options;
    return Math.max(least, this.#perSecond === undefined ? most : Math.min(most, this.#perSecond * seconds));
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
