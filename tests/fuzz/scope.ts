// SPDX-License-Identifier: Apache-2.0

/** Files whose execution guides: what is parsed with, our own and CEL's parser and evaluator. */
export const SCOPE = /\/(?:(?:trusted|verifier)\/[a-z]+\/src\/|node_modules\/@bufbuild\/cel\/dist\/)/;

/** Files whose lines are reported. */
export const OURS = /\/(?:trusted|verifier)\/[a-z]+\/src\//;
