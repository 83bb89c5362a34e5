// SPDX-License-Identifier: Apache-2.0
import type { Stack } from 'aws-cdk-lib';
import { CfnDashboard } from 'aws-cdk-lib/aws-cloudwatch';
import type { StageContext } from '../../stage.ts';
import { alarmArns } from './alarm-list.ts';
import { GRAPHS, type Graph } from './graphs.ts';

/** Widgets lie three in a row, on a grid of 24 columns. */
const COLUMNS = 24;
const WIDTH = 8;
const HEIGHT = 6;

/** One page for the vault: alarms first, then what they are about. @param elsewhere whether there is a trail's log group */
export function makeDashboard(stack: Stack, context: StageContext, elsewhere: boolean): void {
  const { config } = context;
  new CfnDashboard(stack, 'Dashboard', {
    dashboardName: config.name,
    dashboardBody: JSON.stringify(dashboardBody(context, elsewhere)),
  });
}

/** As CloudWatch takes it (CloudWatch API Reference, "Dashboard Body Structure and Syntax"). */
export function dashboardBody(context: StageContext, elsewhere: boolean): { readonly widgets: object[] } {
  const { region } = context.config;
  const alarms = {
    type: 'alarm',
    x: 0,
    y: 0,
    width: COLUMNS,
    height: HEIGHT,
    properties: { title: 'Alarms', alarms: alarmArns(context, elsewhere) },
  };
  const graphs = GRAPHS.filter(({ when }) => when === undefined || when(context, elsewhere));
  return {
    widgets: [alarms, ...graphs.map((graph, index) => widget(graph, context, region, index))],
  };
}

function widget({ title, unit, lines }: Graph, context: StageContext, region: string, index: number): object {
  return {
    type: 'metric',
    x: (index % (COLUMNS / WIDTH)) * WIDTH,
    y: HEIGHT + Math.floor(index / (COLUMNS / WIDTH)) * HEIGHT,
    width: WIDTH,
    height: HEIGHT,
    properties: {
      title,
      region,
      view: 'timeSeries',
      period: 60,
      yAxis: { left: { min: 0, label: unit, showUnits: false } },
      metrics: lines(context).map((line) =>
        'search' in line
          ? [{ expression: line.search, label: line.label }]
          : [
              line.namespace,
              line.name,
              ...Object.entries(line.dimensions).flat(),
              { stat: line.statistic, ...(line.label === undefined ? {} : { label: line.label }) },
            ],
      ),
    },
  };
}
