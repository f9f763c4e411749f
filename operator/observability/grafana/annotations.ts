// Marks across all panels of a dashboard, from series.
import type { Vector } from "#telemetry/promql";
import { datasource } from "./panel.ts";

export interface AnnotationSpec {
  readonly name: string;
  readonly color: string;
  readonly expr: Vector<never>;
  readonly title: string;
  readonly text: string;
  /** The value is the time of the mark, in milliseconds. */
  readonly atValue?: true;
}

export const annotation = ({ name, color, expr, title, text, atValue }: AnnotationSpec): object => ({
  name,
  datasource,
  enable: true,
  iconColor: color,
  expr: expr.text,
  titleFormat: title,
  textFormat: text,
  step: "60s",
  ...(atValue && { useValueForTime: true }),
});
