// SPDX-License-Identifier: Apache-2.0
import { VERDICTS } from '../classify.ts';
import type { CanaryWatch, PlaceRuns } from './watch.ts';

const PREFIX = 'enclave_vault_canary_';

/**
 * The figures of canaries in the Prometheus text format (version 0.0.4). The age of the last run grows while nothing
 * comes, so that silence has a figure as well. No label holds more than names of ours.
 * @param now ms of the watch's clock
 */
export function figuresOf(watch: CanaryWatch, now: number): string {
  const places = watch.places(now);
  const lines: string[] = [];
  const family = (
    name: string,
    type: string,
    help: string,
    samples: readonly (readonly [string, number])[],
  ) => {
    lines.push(`# HELP ${PREFIX}${name} ${help}`, `# TYPE ${PREFIX}${name} ${type}`);
    for (const [labels, value] of samples) lines.push(`${PREFIX}${name}${labels} ${value}`);
  };
  const each = (value: (one: PlaceRuns) => number | undefined) =>
    places.flatMap((one) => {
      const figure = value(one);
      return figure === undefined ? [] : [[labels({ place: one.place }), figure] as const];
    });
  family('up', 'gauge', 'Whether these figures could be had.', [['', 1]]);
  family(
    'runs_total',
    'counter',
    'Runs of a canary.',
    each(({ runs }) => runs),
  );
  family(
    'last_run_age_seconds',
    'gauge',
    'Time since the last run. Alarm when it is several intervals.',
    each(({ last }) => (last === undefined ? undefined : Math.max(0, Math.round(now - last.at) / 1000))),
  );
  family(
    'silent',
    'gauge',
    'Whether runs are missing.',
    each(({ silent }) => (silent ? 1 : 0)),
  );
  family(
    'outcome',
    'gauge',
    'Readings of the last run, by outcome.',
    places.flatMap(({ place, last }) =>
      VERDICTS.map((outcome) => {
        const count = (last?.readings ?? []).filter((one) => one.outcome === outcome).length;
        return [labels({ place, outcome }), count] as const;
      }),
    ),
  );
  family(
    'readings_total',
    'counter',
    'Readings since the start, by probe and outcome.',
    places.flatMap(({ place, totals }) =>
      [...totals].map(([key, count]) => {
        const [probe = '', outcome = ''] = key.split(' ');
        return [labels({ place, probe, outcome }), count] as const;
      }),
    ),
  );
  return `${lines.join('\n')}\n`;
}

/** What is shown when nobody tells: alarm on it as on silence. */
export const NO_FIGURES: string = [
  `# HELP ${PREFIX}up Whether these figures could be had.`,
  `# TYPE ${PREFIX}up gauge`,
  `${PREFIX}up 0`,
  '',
].join('\n');

function labels(of: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(of).map(([name, value]) => `${name}="${value.replace(/[^\w.:-]/g, '_')}"`);
  return `{${pairs.join(',')}}`;
}
