// SPDX-License-Identifier: Apache-2.0

interface Operation {
  readonly tags?: readonly string[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, unknown>> };
}

/** Of the API's OpenAPI document, what says which routes there are. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** A request that was counted; `type` of its body, where it has one. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly type?: string | undefined;
}

/** Health and figures: what they ask is here something in its place, which costs what it likes. */
const NOT_COUNTED = 'system';

/** Routes that nothing was counted of, by method, path, and the type of the body where there is a choice: that is another way through the program. */
export function uncounted({ paths }: ApiDocument, asked: readonly Asked[]): string[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([lower, { tags, requestBody }]) => {
      if (tags?.includes(NOT_COUNTED) === true) return [];
      const method = lower.toUpperCase();
      const of = asked.filter((one) => one.method === method && isOf(path, one.url));
      const types = Object.keys(requestBody?.content ?? {});
      if (types.length < 2) return of.length > 0 ? [] : [`${method} ${path}`];
      return types
        .filter((type) => !of.some((one) => one.type === type))
        .map((type) => `${method} ${path}, ${type}`);
    }),
  );
}

/** @param path such as `/v1/vaults/{id}` */
function isOf(path: string, url: string): boolean {
  const wanted = path.split('/');
  const parts = new URL(url, 'http://localhost').pathname.split('/');
  return (
    parts.length === wanted.length && wanted.every((part, n) => part.startsWith('{') || part === parts[n])
  );
}
