// SPDX-License-Identifier: Apache-2.0
import type { ContextValues } from '@enclave-vault/emulator-iam';
import type { Account } from './account.ts';
import { ACCOUNT } from './who.ts';

/** One request of the matrix, and its answers. */
export interface Cell {
  readonly who: string;
  readonly where: string;
  /** `service:Operation`. */
  readonly action: string;
  /** ARN, or `*`. */
  readonly resource: string;
  /**
   * As if the resource's own policy left everything to the account (a key), or were not there: what all the others let
   * through, where that policy refuses first.
   */
  readonly opened: boolean;
  /** Beside what caller and place bring; null takes a key away. */
  readonly context: Readonly<Record<string, string | readonly string[] | null>>;
  /** `allow`; the Sid of the Deny that decides (`identity:Sid`, `boundary:Sid` for one that is not the resource's); or the layer that lacks an Allow. */
  readonly answer: string;
  /** The answer once somebody allowed everything, where it is not the one that follows from {@link Cell.answer}. */
  readonly hostile: string | null;
  readonly why: string;
  /** Names rows for those who cite them: the threat model does. */
  readonly id: string | null;
  /** Line of the table. */
  readonly line: number;
}

const OPENED = /^opened:/;
const DEFINITION = /^([@+][\w-]+) = (.+)$/;

/**
 * Reads the matrix. A row is `who | where | actions | resources and context | answer | why`; columns with several words
 * stand for all combinations. `@name = words` gives words a name; `kms:{A,B}` is two actions; `+key=value` and `-key` are
 * about condition keys; `opened:` before a resource see {@link Cell.opened}. `#id` at the end of a row is its {@link Cell.id}.
 */
export function parseTable(source: string, account: Account): Cell[] {
  const lines = source.split('\n').map((line) => line.trim());
  const names = new Map<string, string>();
  for (const line of lines) {
    const [, name, meaning] = DEFINITION.exec(line) ?? [];
    if (name === undefined || meaning === undefined) continue;
    if (names.has(name)) throw new TypeError(`${name} is defined twice`);
    names.set(name, meaning);
  }
  const words = (text: string): string[] =>
    text
      .split(/\s+/)
      .filter((word) => word !== '')
      .flatMap((word): string[] => {
        if (!/^[@+][\w-]+$/.test(word)) return braces(word);
        const meaning = names.get(word);
        if (meaning === undefined) throw new TypeError(`${word} is not defined`);
        return words(meaning);
      });
  return lines.flatMap((line, index): Cell[] => {
    if (line === '' || line.startsWith('#') || DEFINITION.test(line)) return [];
    const columns = line.split(' | ').map((column) => column.trim());
    const [who = '', where = '', actions = '', on = '', answers = '', last = ''] = columns;
    const [, why = '', id = null] = /^(.*?)(?: #([a-z][a-z0-9-]*))?$/.exec(last) ?? [];
    if (columns.length !== 6 || why === '') throw new TypeError(`row without six columns: ${line}`);
    const things = words(on);
    const context = contextOf(
      things.filter((word) => /^[+-]/.test(word)),
      account,
    );
    const [answer = '', hostile = null] = answers.split(' > ');
    const resources = things.filter((word) => !/^[+-]/.test(word));
    return words(who).flatMap((one) =>
      words(where).flatMap((place) =>
        words(actions).flatMap((action) =>
          resources.map((resource) => ({
            who: one,
            where: place,
            action,
            resource: arnOf(resource.replace(OPENED, ''), account),
            opened: OPENED.test(resource),
            context,
            answer,
            hostile,
            why,
            id,
            line: index + 1,
          })),
        ),
      ),
    );
  });
}

function contextOf(words: readonly string[], { keys }: Account): Cell['context'] {
  const context: Record<string, ContextValues[string] | null> = {};
  for (const word of words) {
    const [key = '', value] = word.slice(1).split(/=(.*)/s);
    if (word.startsWith('-')) context[key] = null;
    else if (value === undefined) throw new TypeError(`${word} says nothing`);
    else context[key] = keys.get(value) ?? (value.includes(';') ? value.split(';') : value);
  }
  return context;
}

/** `a{b,c}d` is `abd` and `acd`. */
function braces(word: string): string[] {
  const parts = /^([^{]*)\{([^}]*)\}(.*)$/.exec(word);
  if (parts === null) return [word];
  const [, before = '', inner = '', after = ''] = parts;
  return inner.split(',').flatMap((one) => braces(`${before}${one}${after}`));
}

/** Services whose ARNs lack the Region, the account or both. */
const PLACELESS: Readonly<Record<string, string>> = {
  s3: ':',
  iam: `:${ACCOUNT}`,
  apigateway: 'eu-central-1:',
};

/** `keys/VaultKey` is that key; `dynamodb/table/x` an ARN in the deployment's account and Region; `*` and ARNs themselves. */
function arnOf(word: string, account: Account): string {
  const key = account.keys.get(word);
  if (key !== undefined) return key;
  if (word === '*' || word.startsWith('arn:')) return word;
  const [service = '', rest = ''] = word.split(/\/(.*)/s);
  return `arn:aws:${service}:${PLACELESS[service] ?? `eu-central-1:${ACCOUNT}`}:${rest}`;
}
