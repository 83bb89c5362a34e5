// SPDX-License-Identifier: Apache-2.0
export { type CompiledPolicy, compilePolicy } from './compile.ts';
export { principalContext } from './context.ts';
export { PolicyError, type PolicyErrorCode } from './errors.ts';
export { evaluateRequest } from './evaluate.ts';
export { explain } from './explain.ts';
export { parsePolicy } from './parse.ts';
export type {
  AuthorizationRequest,
  ConditionTrace,
  ContextValues,
  DecidedBy,
  Decision,
  DecisionKind,
  Layer,
  NamedPolicy,
  PolicyDocument,
  PolicyInput,
  PolicyKind,
  PolicyProblem,
  PolicySet,
  Principal,
  PrincipalElement,
  PrincipalMap,
  PrincipalType,
  Statement,
  StatementTrace,
} from './types.ts';
export { validatePolicy } from './validate.ts';
