// SPDX-License-Identifier: Apache-2.0

/** The query of a list. What the vault does not take is refused there. */
export interface PageQuery {
  readonly limit?: string;
  readonly cursor?: string;
}

/** The schema of the query lets digits pass only. */
export function pageOf({ limit, cursor }: PageQuery): {
  limit: number | undefined;
  cursor: string | undefined;
} {
  return { limit: limit === undefined ? undefined : Number(limit), cursor };
}
