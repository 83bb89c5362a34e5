// SPDX-License-Identifier: Apache-2.0
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../errors.ts';

/**
 * Tells a path that does not exist (404) from a method that it does not take (405 with Allow, RFC 9110 section
 * 15.5.6). Knows the routes by watching them being registered.
 */
export class RouteTable {
  readonly #methods = new Map<string, { pattern: RegExp; methods: Set<string> }>();

  watch(app: FastifyInstance): void {
    app.addHook('onRoute', ({ url, method }) => {
      const known = this.#methods.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
      for (const name of Array.isArray(method) ? method : [method]) known.methods.add(name);
      this.#methods.set(url, known);
    });
  }

  /** The error of a request that no route matched. */
  refuse(request: FastifyRequest): ApiError {
    const path = request.url.split('?', 1)[0] ?? '';
    const methods = new Set<string>();
    for (const route of this.#methods.values()) {
      if (route.pattern.test(path)) for (const method of route.methods) methods.add(method);
    }
    // A route of that method would have matched, but for what the framework does not take as a parameter.
    if (methods.size === 0 || methods.has(request.method)) return new ApiError('route_not_found');
    return new ApiError('method_not_allowed', { allow: [...methods].sort() });
  }
}

/** `/v1/vaults/:id`, `/v1/vaults::batch` (a colon as it is) or `/v1/swagger/*` as a regular expression. */
function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+';
    return part === '*' ? '.*' : part.replaceAll('::', ':').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('/')}$`);
}
