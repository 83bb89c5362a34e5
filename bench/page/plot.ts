// SPDX-License-Identifier: Apache-2.0
/**
 * Plots as SVG, readable on light and dark pages, without a script: bars for comparisons, lines for what grows. Only what the pages of
 * this project need; a drawing library would bring a browser's document with it.
 */

export interface Bars {
  readonly title: string;
  /** What the numbers are: `ms`, `requests/s`. */
  readonly unit: string;
  readonly log?: boolean;
  readonly bars: readonly { readonly label: string; readonly value: number; readonly ours?: boolean }[];
}

export interface Line {
  readonly label: string;
  /** x ascending. `anew`: not joined to the point before. */
  readonly points: readonly (readonly [x: number, y: number, anew?: boolean])[];
}

export interface Lines {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly logX?: boolean;
  readonly logY?: boolean;
  readonly lines: readonly Line[];
}

/** Told apart by those who see no red or green, too (Okabe and Ito's set). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f7f7f'];
const OTHERS = '#8a94a0';
const WIDTH = 760;

/** Horizontal bars, one a row, with their figures. */
export function bars({ title, unit, log = false, bars: rows }: Bars): string {
  const left = 12 + Math.max(...rows.map(({ label }) => label.length)) * 7.2;
  const height = 44 + rows.length * 26 + 12;
  const scale = scaleOf(
    rows.map(({ value }) => value),
    log,
    WIDTH - left - 110,
  );
  const body = rows.flatMap(({ label, value, ours = false }, i) => {
    const y = 44 + i * 26;
    const width = Math.max(1, scale(value));
    return [
      text(left - 8, y + 14, label, { anchor: 'end', bold: ours }),
      `<rect x="${round(left)}" y="${y}" width="${round(width)}" height="18" rx="2" fill="${ours ? COLOURS[0] : OTHERS}"/>`,
      text(left + width + 6, y + 14, `${number(value)} ${unit}`, { bold: ours }),
    ];
  });
  return svg(height, title, [text(12, 24, log ? `${title} (logarithmic)` : title, { bold: true }), ...body]);
}

/** Lines over a common x, with a legend below. */
export function lines({ title, x, y, logX = false, logY = false, lines: all }: Lines): string {
  const [left, top, plotWidth, plotHeight] = [80, 44, WIDTH - 80 - 24, 260];
  const xs = all.flatMap(({ points }) => points.map(([at]) => at));
  const ys = all.flatMap(({ points }) => points.map(([, value]) => value));
  const [spanX, spanY] = [span(xs, logX), span(ys, logY)];
  const atX = (value: number): number => left + spanX.at(value) * plotWidth;
  const atY = (value: number): number => top + plotHeight - spanY.at(value) * plotHeight;
  const grid = [
    ...spanY.ticks.flatMap((tick) => [
      `<line x1="${left}" x2="${left + plotWidth}" y1="${round(atY(tick))}" y2="${round(atY(tick))}" stroke="currentColor" opacity="0.15"/>`,
      text(left - 8, atY(tick) + 4, number(tick), { anchor: 'end', small: true }),
    ]),
    ...spanX.ticks.map((tick) =>
      text(atX(tick), top + plotHeight + 18, number(tick), { anchor: 'middle', small: true }),
    ),
    text(left + plotWidth / 2, top + plotHeight + 38, x, { anchor: 'middle', small: true }),
    text(12, top - 8, y, { small: true }),
  ];
  const drawn = all.map(({ points }, i) => {
    const path = points
      .map(
        ([px, py, anew], n) => `${n === 0 || anew === true ? 'M' : 'L'}${round(atX(px))} ${round(atY(py))}`,
      )
      .join('');
    const dots = points.map(
      ([px, py]) => `<circle cx="${round(atX(px))}" cy="${round(atY(py))}" r="3" fill="${colour(i)}"/>`,
    );
    return `<path d="${path}" fill="none" stroke="${colour(i)}" stroke-width="2"/>${dots.join('')}`;
  });
  const legendTop = top + plotHeight + 58;
  const legend = all.flatMap(({ label }, i) => {
    const at = { x: left + (i % 2) * (plotWidth / 2), y: legendTop + Math.floor(i / 2) * 20 };
    return [
      `<rect x="${at.x}" y="${at.y - 9}" width="12" height="12" rx="2" fill="${colour(i)}"/>`,
      text(at.x + 18, at.y + 2, label, { small: true }),
    ];
  });
  const height = legendTop + Math.ceil(all.length / 2) * 20 + 8;
  return svg(height, title, [text(12, 24, title, { bold: true }), ...grid, ...drawn, ...legend]);
}

const colour = (i: number): string => COLOURS[i % COLOURS.length] ?? OTHERS;
const round = (value: number): string => value.toFixed(1);

/** 1.2 k, 3 M: axes and bars have no room for more. */
function number(value: number): string {
  const [divisor, letter] = value >= 1e6 ? [1e6, ' M'] : value >= 1e4 ? [1e3, ' k'] : [1, ''];
  return `${Number((value / divisor).toPrecision(3))}${letter}`;
}

function scaleOf(values: readonly number[], log: boolean, width: number): (value: number) => number {
  const most = Math.max(...values);
  if (!log) return (value) => (value / most) * width;
  const least = Math.min(...values.filter((value) => value > 0)) / 2;
  return (value) => (Math.log(Math.max(value, least) / least) / Math.log(most / least)) * width;
}

interface Span {
  /** Place between 0 and 1. */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

function span(values: readonly number[], log: boolean): Span {
  const most = Math.max(...values);
  if (log) {
    const [low, high] = [
      Math.floor(Math.log10(Math.min(...values.filter((value) => value > 0)))),
      Math.ceil(Math.log10(most)),
    ];
    const width = Math.max(1, high - low);
    return {
      at: (value) => (Math.log10(Math.max(value, 10 ** low)) - low) / width,
      ticks: Array.from({ length: width + 1 }, (_, i) => 10 ** (low + i)),
    };
  }
  const step = niceStep(most / 4);
  const end = Math.max(step, Math.ceil(most / step) * step);
  return {
    at: (value) => value / end,
    ticks: Array.from({ length: Math.round(end / step) + 1 }, (_, i) => i * step),
  };
}

/** 1, 2 or 5 times a power of ten, not less than `least`. */
function niceStep(least: number): number {
  if (least <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10) * power;
}

interface TextStyle {
  readonly anchor?: 'middle' | 'end';
  readonly bold?: boolean;
  readonly small?: boolean;
}

function text(
  x: number,
  y: number,
  words: string,
  { anchor, bold = false, small = false }: TextStyle = {},
): string {
  const anchored = anchor === undefined ? '' : ` text-anchor="${anchor}"`;
  return `<text x="${round(x)}" y="${round(y)}" font-size="${small ? 11 : 13}"${bold ? ' font-weight="600"' : ''}${anchored} fill="currentColor">${escaped(words)}</text>`;
}

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** A picture file does not know the page's colours: it asks the reader's system. */
function svg(height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif">`,
    '<style>svg{color:#1f2933;background:#fff}@media(prefers-color-scheme:dark){svg{color:#e4e7eb;background:#11161d}}</style>',
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}
