// The commands in an example's head comment, and whether they can be run where no container runs.
import { exampleText } from "./documents.ts";

/** Lines of the head comment that are indented, as code is. */
export const commandsOf = (file: string): string[] =>
  /^(?:#.*\n)+/
    .exec(exampleText(file))?.[0]
    .split("\n")
    .map((line) => /^# {3}((?:kubectl|helm|amtool) .*)$/.exec(line)?.[1])
    .filter((line) => line !== undefined) ?? [];

/** What waits for containers, reaches into one, or fetches a chart. Of the first two the objects are looked for instead. */
export const insteadOf = (command: string): string | undefined => {
  const [, namespace = "default", rest = ""] = /^kubectl (?:-n (\S+) )?(.*)$/.exec(command) ?? [];
  const target = /^(?:rollout status|port-forward|wait --for=condition=Complete) (\S+)/.exec(rest)?.[1];
  if (target !== undefined) return `kubectl -n ${namespace} get ${target}`;
  if (/^helm (repo add prometheus-community|install kube-prometheus-stack) /.test(command)) return "true";
  return command;
};
