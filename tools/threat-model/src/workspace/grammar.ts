// SPDX-License-Identifier: Apache-2.0
import type { Problem } from '../problems.ts';
import { type Drawing, type Entity, label, type Threat, type Workspace } from './model.ts';
import { statementOf } from './statement.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** What the tool's import takes for an image (its entities schema): a URL of at most 2,048 characters, or a data URL of at most 1,000,000. */
const IMAGE_URL = /^https?:\/\/[\w@:%.+~#=-]{1,256}\.[a-z0-9()]{1,6}\b[\w@:%+.~#?&/=()-]*$/i;
const IMAGE_DATA =
  /^data:image\/[a-z+]{3,};base64,(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** Members that the published schema has and the tool's import refuses, or knows in some of its versions only. */
const NOT_IMPORTED = ['brainstorm'];

/** What Threat Composer's own import asks beyond the schema, and what it would change on the way in. */
export function grammarProblems(workspace: Workspace): readonly Problem[] {
  const kinds = [
    ['A', workspace.assumptions ?? []],
    ['M', workspace.mitigations ?? []],
    ['T', workspace.threats ?? []],
  ] as const;
  return [
    ...(workspace.schema === 1 ? [] : [refused('/schema', 'the tool reads version 1')]),
    ...NOT_IMPORTED.filter((name) => Object.hasOwn(workspace, name)).map((name) =>
      refused(`/${name}`, 'its import does not know this member'),
    ),
    ...imageProblems('/architecture/image', workspace.architecture),
    ...imageProblems('/dataflow/image', workspace.dataflow),
    ...sanitized(workspace, ''),
    ...kinds.flatMap(([kind, entities]) => numberProblems(kind, entities)),
    ...idProblems(
      kinds.flatMap(([kind, entities]) => entities.map((one) => [label(kind, one), one] as const)),
    ),
    ...(workspace.threats ?? []).flatMap(statementProblems),
  ];
}

const refused = (at: string, what: string): Problem => ({ code: 'not_for_the_tool', at, what });

function imageProblems(at: string, { image = '' }: Drawing = {}): readonly Problem[] {
  if (image === '') return [];
  const taken = image.startsWith('data:')
    ? image.length <= 1_000_000 && IMAGE_DATA.test(image)
    : image.length <= 2048 && IMAGE_URL.test(image);
  return taken ? [] : [refused(at, 'neither a URL nor a data URL in base64 that the tool takes')];
}

/** The tool takes every text for HTML and keeps what is no markup: `<` opens a tag, and `<`, `>` and `&` come out as entities. */
function sanitized(value: unknown, at: string): readonly Problem[] {
  if (typeof value === 'string')
    return /[<>&]/.test(value) ? [refused(at, 'has <, > or &, which the tool would rewrite')] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => sanitized(member, `${at}/${name}`));
}

/** The tool counts on from the greatest number, and shows it instead of the id. */
function numberProblems(kind: 'A' | 'M' | 'T', entities: readonly Entity[]): readonly Problem[] {
  return entities.flatMap((one, index) => {
    const { numericId } = one;
    if (!Number.isSafeInteger(numericId) || numericId < 1)
      return [
        {
          code: 'number_invalid',
          at: `${kind}, the ${index + 1}th`,
          what: `${numericId} is no number from 1 on`,
        },
      ];
    return entities.findIndex((other) => other.numericId === numericId) === index
      ? []
      : [{ code: 'number_invalid', at: label(kind, one), what: 'is there twice' }];
  });
}

function idProblems(entities: readonly (readonly [string, Entity])[]): readonly Problem[] {
  const seen = new Set<string>();
  return entities.flatMap(([at, { id }]): readonly Problem[] => {
    if (!UUID.test(id)) return [{ code: 'id_invalid', at, what: 'no UUID of version 4' }];
    const twice = seen.has(id);
    seen.add(id);
    return twice ? [{ code: 'id_invalid', at, what: 'its id is another’s' }] : [];
  });
}

function statementProblems(threat: Threat): readonly Problem[] {
  if (threat.customTemplate !== undefined && threat.customTemplate !== '')
    return [refused(label('T', threat), 'has a template of its own: say it in the standard sentence')];
  return threat.statement === statementOf(threat)
    ? []
    : [{ code: 'statement_stale', at: label('T', threat), what: 'run `enclave-vault threat-model fmt`' }];
}
