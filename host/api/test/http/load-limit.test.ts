// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { LoadLimit, type Place } from '../../src/http/load-limit.ts';

let now: number;
let limit: LoadLimit;
let places: Place[];
beforeEach(() => {
  now = 0;
  places = [];
  limit = new LoadLimit({ least: 4, most: 50, seconds: 5, now: () => now });
});
/** Enters so often at once. @returns how many got in */
const enter = (times: number): number =>
  Array.from({ length: times }, () => {
    const place = limit.enter();
    if (place !== undefined) places.push(place);
    return place;
  }).filter(Boolean).length;
const answer = (place: Place): void => {
  place.answered();
  place.leave();
};
const leave = (times: number): void => {
  for (const place of places.splice(0, times)) answer(place);
};
/** Answers so many a second, for so many seconds, while others come at once in their places. */
const work = (perSecond: number, seconds: number): void => {
  for (let i = 0; i < perSecond * seconds; i++) {
    now += 1000 / perSecond;
    leave(1);
    enter(1);
  }
};

describe('requests under way', () => {
  it('are bounded by memory alone while nothing is known of what the vault can do', () => {
    expect(enter(60)).toBe(50);
  });

  it('are as many as a busy vault answers in five seconds', () => {
    enter(50);
    work(2, 30);
    // Those of the fifty that left made no room until there were ten.
    expect(enter(10)).toBe(0);
    leave(1);
    expect(enter(10)).toBe(1);
  });

  it('that nobody is known to have asked are none once answered, whoever takes the answer', () => {
    enter(50);
    const his = places[0];
    expect(his?.belongs('a')).toBeUndefined();
    for (const place of places) place.answered();
    expect(limit.present).toBe(1);
    leave(50);
    expect(limit.present).toBe(0);
  });

  it('are never fewer than a few, however slow it is', () => {
    enter(50);
    now += 2_000;
    leave(1);
    now += 2_000;
    leave(1);
    now += 2_000;
    leave(45);
    expect(enter(10)).toBe(1);
  });

  it('are bounded by memory again once a flood is over', () => {
    enter(50);
    work(2, 30);
    leave(9);
    expect(enter(60)).toBe(49);
  });

  it('of a vault that has little to do say nothing of what it can', () => {
    for (let second = 0; second < 20; second++) {
      enter(1);
      now += 1_000;
      leave(1);
    }
    expect(enter(60)).toBe(50);
  });

  it('that were refused count for nothing', () => {
    let underWay = enter(50);
    for (let i = 0; i < 30; i++) {
      now += 500;
      underWay += enter(100);
      leave(1);
      underWay -= 1;
    }
    // Two a second were answered, whatever was refused: ten places.
    expect(underWay).toBeGreaterThan(11);
    leave(underWay - 10);
    expect(enter(100)).toBe(0);
  });
});

describe('requests that wait for their caller', () => {
  const entered = (): Place => {
    const place = limit.enter();
    if (place === undefined) throw new Error('there was no place');
    return place;
  };
  const rested = (): Place => {
    const place = entered();
    place.rest();
    return place;
  };

  it('are no work: as many as there may be, and those of others are done as ever', () => {
    const waiting = Array.from({ length: 45 }, rested);
    for (let second = 0; second < 20; second++) {
      now += 1_000;
      expect(enter(5)).toBe(5);
      leave(5);
    }
    expect(waiting.every((place) => place.resume())).toBe(true);
  });

  it('hold memory, and are bounded by that', () => {
    for (let n = 0; n < 50; n++) rested();
    expect(limit.enter()).toBeUndefined();
  });

  it('are refused when they have arrived at a vault that is full by then', () => {
    const late = rested();
    enter(49);
    work(2, 30);
    expect(late.resume()).toBe(false);
    leave(45);
    expect(late.resume()).toBe(true);
  });

  it('and never arrive say nothing of how much is done', () => {
    const waiting = Array.from({ length: 10 }, rested);
    enter(40);
    for (let second = 0; second < 30; second++) {
      now += 1_000;
      leave(1);
      if (second >= 20) waiting.pop()?.leave();
    }
    // One a second was answered: five places, whoever gave up waiting.
    leave(5);
    expect(enter(1)).toBe(0);
    leave(1);
    expect(enter(1)).toBe(1);
  });

  it('give their place back once, whatever came of them', () => {
    for (const end of ['rest', 'answered', 'leave'] as const) {
      const place = entered();
      place[end]();
      place.leave();
      place.leave();
      place.rest();
      expect(place.resume()).toBe(false);
      expect(limit.present).toBe(0);
    }
    expect(enter(60)).toBe(50);
  });

  it('of one caller leave some for the others', () => {
    const his: Place[] = [];
    for (let place = rested(); place.belongs('mallory') === undefined; place = rested()) his.push(place);
    // Three quarters of fifty, and one that was refused and has not left.
    expect([his.length, limit.present]).toEqual([37, 38]);
    expect(rested().belongs('alice')).toBeUndefined();
    for (const place of his.splice(0, 3)) place.leave();
    expect(rested().belongs('mallory')).toBeUndefined();
  });

  it('of several callers leave some for the others too', () => {
    for (const actor of ['mallory', 'trudy', 'eve'])
      for (;;) {
        const place = rested();
        if (place.belongs(actor) === undefined) continue;
        place.leave();
        break;
      }
    expect(limit.present).toBe(49);
    expect(rested().belongs('alice')).toBeUndefined();
  });
});

describe('a caller who goes away', () => {
  const his = (times: number, actor = 'mallory'): Place[] =>
    Array.from({ length: times }, () => limit.enter()).flatMap((place) => {
      if (place?.belongs(actor) === undefined && place?.begin()) return [place];
      place?.leave();
      return [];
    });

  it('leaves his work behind, which keeps its place until it is over', () => {
    const begun = his(40);
    for (const place of begun) place.leave();
    // Three quarters of fifty.
    expect([begun.length, limit.present, his(1).length]).toEqual([37, 37, 0]);
    begun[0]?.end();
    begun[0]?.end();
    expect([limit.present, his(2).length]).toEqual([36, 1]);
  });

  it('while it is found out who he is leaves nothing behind', () => {
    for (let n = 0; n < 60; n++) {
      const place = limit.enter();
      place?.leave();
      expect(place?.belongs('mallory')).toBe('rate_limited');
    }
    expect([limit.present, his(1).length]).toEqual([0, 1]);
  });

  it('has no work begun for him any more', () => {
    const place = limit.enter();
    place?.leave();
    expect([place?.begin(), limit.present]).toEqual([false, 0]);
  });

  it('says nothing of what the vault can do', () => {
    enter(50);
    for (let second = 0; second < 20; second++) {
      now += 1_000;
      leave(1);
      // Fifty that nobody waited for, in the second.
      for (let n = 0; n < 50; n++) limit.enter()?.leave();
    }
    // One a second was answered: five places.
    leave(25);
    expect([limit.present, limit.enter()]).toEqual([5, undefined]);
  });
});

describe('a caller whose work is slow', () => {
  const begun = (actor: string): boolean => {
    const place = limit.enter();
    const has = place !== undefined && place.belongs(actor) === undefined;
    if (!has) place?.leave();
    return has;
  };
  /** Nothing is answered in a window: four at once from then on. */
  const slow = (times: number, ...actors: string[]): void => {
    for (const actor of actors) for (let n = 0; n < times; n++) begun(actor);
    for (let window = 0; window < 2; window++) {
      now += 1_000;
      limit.enter()?.leave();
    }
  };

  it('has what is worked at when he is alone, and keeps nobody out', () => {
    slow(4, 'mallory');
    expect([begun('mallory'), begun('alice'), begun('bob'), begun('mallory')]).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('keeps nobody out with what he had begun before that was known, and no two do', () => {
    slow(15, 'mallory', 'trudy');
    expect(['mallory', 'trudy', 'alice', 'bob', 'alice'].map(begun)).toEqual([
      false,
      false,
      true,
      true,
      false,
    ]);
    // As many callers as there are places.
    expect(begun('eve')).toBe(false);
  });

  it('has no more of it by bodies that arrive late', () => {
    const late = limit.enter();
    late?.belongs('mallory');
    late?.rest();
    slow(4, 'mallory');
    expect([late?.resume(), begun('alice')]).toEqual([false, true]);
  });

  it('is told so, and not that he asks too often', () => {
    slow(4, 'mallory');
    expect(limit.enter()?.belongs('mallory')).toBe('overloaded');
  });
});

describe('requests that wait behind others of their caller', () => {
  it('are no work, and go on when their turn comes, however full it is by then', async () => {
    const turns = Array.from({ length: 40 }, () => Promise.withResolvers<void>());
    const asides = turns.map(({ promise }) => limit.enter()?.aside(promise));
    for (let second = 0; second < 20; second++) {
      now += 1_000;
      expect(enter(5)).toBe(5);
      leave(5);
    }
    enter(5);
    work(1, 30);
    // One a second: five places.
    expect([limit.present, limit.enter()]).toEqual([45, undefined]);
    for (const { resolve } of turns) resolve();
    await Promise.all(asides);
    // They are work now, all of them: nobody else is let in when the others are done.
    leave(5);
    expect([limit.present, limit.enter()]).toEqual([40, undefined]);
  });

  it('end with what ends their turn; those whose caller went away meanwhile leave nothing behind', async () => {
    const turn = Promise.withResolvers<void>();
    const [kept, gone] = [limit.enter(), limit.enter()];
    const waits = [kept?.aside(turn.promise), gone?.aside(turn.promise)];
    gone?.leave();
    turn.reject(new Error('too late'));
    await Promise.all(waits.map((wait) => expect(wait).rejects.toThrow('too late')));
    kept?.leave();
    expect([limit.present, enter(60)]).toEqual([0, 50]);
  });
});
