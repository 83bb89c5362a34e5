// SPDX-License-Identifier: Apache-2.0

export interface LoadLimitOptions {
  /** Requests worked at that are never too many. */
  readonly least: number;
  /** Requests that are always enough, worked at or not: each holds memory. One caller has three times what is free at most, so 750 when he is alone. */
  readonly most: number;
  /** How long a request may have to wait for those before it, in seconds. */
  readonly seconds: number;
  /** Milliseconds, monotonic; injected for tests. */
  readonly now?: () => number;
}

/** Half the deadline of a request: what waits longer would use the vault's time and be answered too late. */
export const DEFAULT_LOAD_LIMIT: LoadLimitOptions = { least: 64, most: 1_000, seconds: 5 };

const WINDOW_MS = 1_000;
/** What one caller has of what is free: alone three quarters of all, and of two each three sevenths, so that somebody else always finds a place. */
const OF_FREE = 3;

/** A request's place. What the server waits for is its work; what it waits for from the caller is none, however long that takes him. */
export interface Place {
  /** Whose it is. @returns what keeps him out: that he has as many requests as one may have, or as much under way as a slow vault has for him */
  belongs(actor: string): 'rate_limited' | 'overloaded' | undefined;
  /** A part of its work begins, which goes on when the caller goes away. @returns false when he has gone already */
  begin(): boolean;
  /** That is over, whoever still waits for it. */
  end(): void;
  /** The caller is waited for: there is nothing to do before he sends more. */
  rest(): void;
  /** It is worked at again. @returns false when that would be too much: then it still rests */
  resume(): boolean;
  /** It waits for its turn behind others, which are work: it is none, and goes on when its turn comes. Rejects as `turn` does. */
  aside(turn: Promise<void>): Promise<void>;
  /** All is done for it; the caller has to take the answer. One that nobody is known to have asked keeps no place for that: there is no one whose others would be bounded. */
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
 * nothing to do look like one that answers nothing, and everybody else would be refused. The same goes for what waits for its turn
 * among expressions: 64 slow ones of one caller, of which a few run at once, would be all the work that a vault takes.
 *
 * Nobody keeps another out by what he has under way, which may be slow for him alone, as creates are while KMS makes no key pairs. Whoever has less counts
 * others as having no more than he would have then: one who has nothing under way gets in wherever there are fewer callers than places.
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
      answered: () => {
        rest(1);
        if (owner !== undefined) return;
        gone = true;
        leaveIfOver();
      },
      belongs: (actor) => {
        // He went away while it was found out who he is.
        if (state === 'left') return 'rate_limited';
        const found = this.#owners.get(actor) ?? { actor, present: 0, working: 0 };
        // The last place is for one who has none.
        const most = (this.#options.most - this.#present) * OF_FREE;
        if (found.present > 0 && found.present >= most) return 'rate_limited';
        // It counts as work already, and as nobody's.
        if (state === 'working' && !this.#mayWork(found, this.#working - 1)) return 'overloaded';
        owner = found;
        this.#owners.set(actor, owner);
        owner.present += 1;
        if (state === 'working') owner.working += 1;
        return undefined;
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

  /** @param owner undefined: not known yet, and taken for one with nothing under way */
  #mayWork(owner?: Owner, working = this.#working): boolean {
    this.#look();
    const most = this.#most();
    if (working < most) return true;
    const his = (owner?.working ?? 0) + 1;
    let counted = working + 1;
    for (const other of this.#owners.values())
      if (other !== owner) counted -= Math.max(0, other.working - his);
    return counted <= most;
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
