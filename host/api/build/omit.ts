// SPDX-License-Identifier: Apache-2.0
import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';

/** What a function never runs, and why. Whoever comes to need one of them after all finds its name in the error. */
export const OMITTED: Readonly<Record<string, string>> = {
  '@fastify/swagger-ui': 'a function serves the document, not its pages',
  '@fastify/ajv-compiler': 'the application compiles its schemas itself',
  '@fastify/fast-json-stringify-compiler': 'the application serializes its answers itself',
  bowser: 'a function is no browser',
  pino: 'the framework’s own log is off',
  'supports-color': 'a log has no colors',
};

/** Replaced by less. */
export const REPLACED: Readonly<Record<string, string>> = {
  // Asked for when the document's plugin is loaded, used for a document in YAML only.
  yaml: 'export {};',
  // Lambda gives credentials by the environment and in no other way.
  '@aws-sdk/credential-provider-node':
    "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';",
};

/**
 * Node's own modules are asked for as CommonJS does. An import of one as an ES module reads every member of it, and some of these
 * load what a function has no use for: all of fetch and WebSocket (http), WebCrypto (crypto), streams of files (fs). That is 30 ms.
 */
const BUILTIN = new RegExp(
  `^(?:node:)?(?:${builtinModules.filter((name) => /^[a-z_/]+$/.test(name)).join('|')})$`,
);

/** Leaves packages out of a bundle. */
export function omit(resolveDir: string): Plugin {
  return {
    name: 'omit',
    setup: (build) => {
      build.onResolve({ filter: BUILTIN }, ({ path, namespace }) => {
        const name = path.replace(/^node:/, '');
        if (namespace === 'required') return { path: `node:${name}`, external: true };
        return { path: name, namespace: 'required' };
      });
      build.onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
        contents: `module.exports = require('node:${path}');`,
      }));
      for (const name of [...Object.keys(OMITTED), ...Object.keys(REPLACED)]) {
        const filter = new RegExp(`^${name.replaceAll('/', '\\/')}$`);
        build.onResolve({ filter }, ({ path }) => ({ path, namespace: 'omitted' }));
      }
      build.onLoad({ filter: /.*/, namespace: 'omitted' }, ({ path }) => {
        const message = `${path} is not in this file: ${OMITTED[path]}`;
        const contents = REPLACED[path] ?? `throw new Error(${JSON.stringify(message)});`;
        return { contents, resolveDir };
      });
    },
  };
}
