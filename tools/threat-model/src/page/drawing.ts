// SPDX-License-Identifier: Apache-2.0

/** A diagram, from which both forms are written: SVG for the tool, Mermaid for the page. Lengths are in pixels. */
export interface Drawing {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  /** Trust zones, the outer before the inner. */
  readonly zones: readonly (Box & { readonly id: string; readonly label: string })[];
  readonly nodes: readonly (Box & {
    readonly id: string;
    /** A line each. */
    readonly label: readonly string[];
    readonly zone?: string;
    /** Of a store; else a box. */
    readonly shape?: 'store';
  })[];
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly label: string;
    /** Goes through others, and is read by none of them. */
    readonly sealed?: true;
    /** Where the label stands, where the middle of the line is taken. */
    readonly at?: readonly [number, number];
  }[];
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

const FONT = 'font-family="Helvetica, Arial, sans-serif"';

/** The drawing as SVG, with nothing in it but what the drawing says. */
export function svgOf({ title, width, height, zones, nodes, edges }: Drawing): string {
  const boxes = new Map(nodes.map((node) => [node.id, node]));
  const body = [
    ...zones.map(
      ({ x, y, w, h, label }) =>
        `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="10" fill="#f6f8fa" stroke="#8a94a0" stroke-dasharray="6 4"/>` +
        `<text x="${x + 12}" y="${y + 20}" ${FONT} font-size="13" font-weight="bold" fill="#57606a">${xml(label)}</text>`,
    ),
    ...edges.map(({ from, to, label, sealed, at }) => {
      const [a, b] = [boxes.get(from), boxes.get(to)];
      if (a === undefined || b === undefined) throw new TypeError(`${title}: ${from} or ${to} is not drawn`);
      const [[x1, y1], [x2, y2]] = [border(a, b), border(b, a)];
      const [x, y] = at ?? [(x1 + x2) / 2, (y1 + y2) / 2 - 6];
      return (
        `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#24292f" stroke-width="1.4"${sealed ? ' stroke-dasharray="7 3"' : ''} marker-end="url(#head)"/>` +
        `<text x="${x}" y="${y}" ${FONT} font-size="12" fill="#24292f" text-anchor="middle" stroke="#ffffff" stroke-width="4" paint-order="stroke">${xml(label)}</text>`
      );
    }),
    ...nodes.map(
      ({ x, y, w, h, label, shape }) =>
        `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="${shape === 'store' ? 18 : 4}" fill="${shape === 'store' ? '#ddf4ff' : '#ffffff'}" stroke="#24292f" stroke-width="1.4"/>` +
        label
          .map(
            (line, index) =>
              `<text x="${x + w / 2}" y="${y + h / 2 + 5 + (index - (label.length - 1) / 2) * 17}" ${FONT} font-size="${index === 0 ? 14 : 12}"${index === 0 ? ' font-weight="bold"' : ''} fill="#24292f" text-anchor="middle">${xml(line)}</text>`,
          )
          .join(''),
    ),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${xml(title)}</title>
<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L10 5L0 10z" fill="#24292f"/></marker></defs>
<rect width="${width}" height="${height}" fill="#ffffff"/>
${body.join('\n')}
</svg>
`;
}

/** Where the line from the middle of one box to that of another leaves the first. */
function border(from: Box, to: Box): readonly [number, number] {
  const [x, y] = [from.x + from.w / 2, from.y + from.h / 2];
  const [dx, dy] = [to.x + to.w / 2 - x, to.y + to.h / 2 - y];
  const share = Math.min(from.w / 2 / Math.abs(dx), from.h / 2 / Math.abs(dy));
  return [Math.round(x + dx * share), Math.round(y + dy * share)];
}

const xml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** The same as Mermaid. */
export function mermaidOf({ zones, nodes, edges }: Drawing): string {
  const line = ({ id, label, shape }: Drawing['nodes'][number]) => {
    const text = label.map((one) => one.replaceAll('"', '#quot;')).join('<br>');
    return shape === 'store' ? `${id}[("${text}")]` : `${id}["${text}"]`;
  };
  const inZone = zones.map(({ id, label }) =>
    [
      `  subgraph ${id} ["${label}"]`,
      ...nodes.filter((node) => node.zone === id).map((node) => `    ${line(node)}`),
      '  end',
    ].join('\n'),
  );
  return [
    'flowchart LR',
    ...nodes.filter(({ zone }) => zone === undefined).map((node) => `  ${line(node)}`),
    ...inZone,
    ...edges.map(({ from, to, label, sealed }) => `  ${from} ${sealed ? '-.->' : '-->'}|"${label}"| ${to}`),
  ].join('\n');
}
