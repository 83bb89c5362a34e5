// SPDX-License-Identifier: Apache-2.0

export interface AtOnceLimits {
  readonly ofOne: number;
  readonly ofAll: number;
}

/** So many at once of one caller, and of all; of one no more than three times what is left, so that a few callers do not have all. */
export class AtOnce {
  readonly #limits: AtOnceLimits;
  readonly #byActor = new Map<string, number>();
  #all = 0;

  constructor(limits: AtOnceLimits) {
    this.#limits = limits;
  }

  /** Those of all callers. */
  get size(): number {
    return this.#all;
  }

  /** @returns what gives the place back, to be called once; undefined when there is none */
  enter(actor: string): (() => void) | undefined {
    const own = this.#byActor.get(actor) ?? 0;
    const { ofOne, ofAll } = this.#limits;
    if (own >= Math.min(ofOne, 3 * (ofAll - this.#all))) return undefined;
    this.#byActor.set(actor, own + 1);
    this.#all += 1;
    return () => {
      const left = (this.#byActor.get(actor) ?? 1) - 1;
      if (left === 0) this.#byActor.delete(actor);
      else this.#byActor.set(actor, left);
      this.#all -= 1;
    };
  }
}
