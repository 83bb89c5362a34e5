// SPDX-License-Identifier: Apache-2.0

const UP = 'enclave_vault_process_up';

/**
 * Texts of several processes, in the Prometheus text format, as one: each name has its HELP and TYPE once and all its lines together, as
 * the format demands, and each line says which process it is of.
 * @param texts undefined of a process that did not answer
 */
export function together(texts: readonly (readonly [member: number, text: string | undefined])[]): string {
  const families = new Map<string, { readonly heads: string[]; readonly lines: string[] }>();
  for (const [member, text = ''] of texts) {
    let family: { readonly heads: string[]; readonly lines: string[] } | undefined;
    for (const line of text.split('\n')) {
      const name = /^# (?:HELP|TYPE) (\S+)/.exec(line)?.[1];
      if (name === undefined) {
        if (line !== '') family?.lines.push(labelled(line, member));
        continue;
      }
      family = families.get(name) ?? { heads: [], lines: [] };
      families.set(name, family);
      if (!family.heads.includes(line)) family.heads.push(line);
    }
  }
  const up = texts.map(([member, text]) => `${UP}{process="${member}"} ${text === undefined ? 0 : 1}`);
  return [
    ...[...families.values()].flatMap(({ heads, lines }) => [...heads, ...lines]),
    `# HELP ${UP} Processes at this port that show their figures.`,
    `# TYPE ${UP} gauge`,
    ...up,
    '',
  ].join('\n');
}

/** `name{a="b"} 1` or `name 1`, with the label of its process first. */
function labelled(line: string, member: number): string {
  const label = `process="${member}"`;
  const open = line.indexOf('{');
  const space = line.indexOf(' ');
  return open !== -1 && open < space
    ? `${line.slice(0, open + 1)}${label},${line.slice(open + 1)}`
    : `${line.slice(0, space)}{${label}}${line.slice(space)}`;
}
