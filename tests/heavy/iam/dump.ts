// SPDX-License-Identifier: Apache-2.0
/** `node tests/heavy/iam/dump.ts FILE`: every request of the matrix and of the documented table, with its policies and what the emulator decides, as JSON. */
import { writeFileSync } from 'node:fs';
import {
  type AuthorizationRequest,
  evaluateRequest,
  type PolicyDocument,
  type PolicyInput,
  type PolicySet,
} from '@enclave-vault/emulator-iam';
import { DOCUMENTED } from '../../../emulators/iam/test/documented/table.ts';
import { theMatrix } from '../../../infra/test/proofs/world.ts';

const [, , file] = process.argv;
if (file === undefined) throw new TypeError('dump.ts needs the name of a file to write');

const policies: PolicyDocument[] = [];
const numbers = new Map<PolicyDocument, number>();

function number(input: PolicyInput): number {
  const document = 'document' in input ? input.document : input;
  const known = numbers.get(document);
  if (known !== undefined) return known;
  numbers.set(document, policies.length);
  return policies.push(document) - 1;
}

const list = (input: PolicyInput | readonly PolicyInput[]): number[] =>
  (Array.isArray(input) ? (input as readonly PolicyInput[]) : [input as PolicyInput]).map(number);

/** Policies by layer, as numbers; a layer that is not in force is left out. */
function layersOf({ identity, boundary, session, resource, endpoint, scps, rcps }: PolicySet) {
  const levels = { scps, rcps };
  return Object.fromEntries([
    ...Object.entries({ identity, boundary, session, resource, endpoint }).flatMap(([name, input]) =>
      input === undefined ? [] : [[name, list(input)] as const],
    ),
    ...Object.entries(levels).flatMap(([name, input]) =>
      input === undefined ? [] : [[name, input.map((level) => list(level))] as const],
    ),
  ]);
}

const row = (name: string, request: AuthorizationRequest, set: PolicySet) => ({
  name,
  request,
  layers: layersOf(set),
  kind: evaluateRequest(request, set).kind,
});

const { questions } = theMatrix();
const rows = [
  ...questions.map(({ cell, mode, request, policiesOf }) =>
    row(`line ${cell.line} of the matrix, ${mode}`, request, policiesOf()),
  ),
  ...DOCUMENTED.map(({ source, what, request, policies: set }) => row(`${source}: ${what}`, request, set)),
];
writeFileSync(file, JSON.stringify({ policies, rows }));
