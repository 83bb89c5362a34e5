// SPDX-License-Identifier: Apache-2.0
import { type DynamoResult, othersTable, unitsTable } from '../dynamodb/result.ts';
import type { Run } from '../support/run.ts';

/** What each route consumes of DynamoDB. */
export function section(run: Run): string {
  const result = run as DynamoResult;
  const differing = result.routes.filter(
    ({ said, rules }) => said.read !== rules.read || said.write !== rules.write,
  );
  return `
## DynamoDB: items, units and dollars of each route

A whole vault on ${result.server}, each route once; a proxy in between asked for consumed capacity, which the program itself never does. Units and dollars are by AWS's rules for the items that went by: a consistent read costs one unit for each 4 KB, at least one; each item of a transaction two for each KB,
of the larger of what was there and what is put. On demand, by [these prices](cost.md#prices). Authentication is once a second for each key and process, and in no other row. Key pairs made beforehand are in memory and cost no unit.

${unitsTable(result)}

${
  differing.length === 0
    ? `${result.server} says the same of every route.`
    : `${result.server} says otherwise of ${differing.length} routes: a query that finds nothing costs nothing there, and a record of more than 1 KB within a transaction twice what the documents say. The documents decide; a bill was not seen.`
}

Routes that were not called there are reckoned from these rows and from the calls of the store that a test counts (\`tests/budget/routes.json\`). A batch costs its items: it saves authentications, and no unit. Attestation reads and writes nothing. A list of keys reads the index and each key of the page; a key that is narrowed to very many fields takes more than 1 KB, and more units than here.

${othersTable(result)}

\`npx node bench/dynamodb.ts\`, ${result.measured.slice(0, 10)}, ${result.commit}. Nothing here is a time: the machine's load does not matter.
`;
}
