// SPDX-License-Identifier: Apache-2.0

/** The options of a measurement, as its script reads them. */
type Presets = Readonly<Record<string, { readonly type: string; readonly default?: string | boolean }>>;

/** The command that repeats a run: options are named where they were not as they are by default. */
export function commandOf(
  script: string,
  presets: Presets,
  had: Readonly<Record<string, string | number | undefined>>,
): string {
  const words = Object.entries(had).flatMap(([name, value]) =>
    value === undefined || String(value) === presets[name]?.default ? [] : [`--${name} ${value}`],
  );
  return [`npx node bench/${script}.ts`, ...words].join(' ');
}
