// SPDX-License-Identifier: Apache-2.0
import { arnIn } from '../arns.ts';
import { allow } from '../identities.ts';
import type { Home, Statement } from '../types.ts';

/** Pipeline and its builds: to make them, and not to start one or to approve. */
export function pipelineGrants(home: Home): Statement[] {
  return [
    allow(
      'Pipelines',
      [
        'codepipeline:CreatePipeline',
        'codepipeline:DeletePipeline',
        'codepipeline:GetPipeline',
        'codepipeline:GetPipelineState',
        'codepipeline:ListTagsForResource',
        'codepipeline:TagResource',
        'codepipeline:UntagResource',
        'codepipeline:UpdatePipeline',
      ],
      arnIn(home, 'codepipeline', `${home.name}-*`),
    ),
    allow(
      'Projects',
      [
        'codebuild:BatchGetProjects',
        'codebuild:CreateProject',
        'codebuild:DeleteProject',
        'codebuild:UpdateProject',
      ],
      arnIn(home, 'codebuild', `project/${home.name}-*`),
    ),
    // Naming a connection in a pipeline is passing it on.
    allow(
      'PassConnection',
      ['codeconnections:PassConnection', 'codestar-connections:PassConnection'],
      [arnIn(home, 'codeconnections', 'connection/*'), arnIn(home, 'codestar-connections', 'connection/*')],
    ),
  ];
}
