// The CRD as a template of the operator's chart: switched by a value, labelled, and kept at an uninstall if so asked.
import { artefacts } from "#crds/artefacts";

const source = "config/crd/kvresponders.yaml";

/** Where the file has its metadata; one space a level. */
const metadata = /^metadata:\n(?= name: )/m;

const head = `metadata:
 labels:
  {{- include "operator.labels" . | nindent 2 }}
 {{- if .Values.crds.keep }}
 annotations:
  helm.sh/resource-policy: keep
 {{- end }}
`;

/** The text of templates/crd.yaml. Throws when the CRD does not look as expected. */
export const crdTemplate = (): string => {
  const [comment, ...rest] = (artefacts()[source] ?? "").split("\n");
  // nothing of the schema may be taken for a template
  const text = rest.join("\n").replaceAll("{{", '{{ "{{" }}');
  if (!comment?.startsWith("#") || !metadata.test(text)) throw new Error(`${source} does not begin as expected`);
  return `{{- /* Made of ${source} by operator/generate.ts; do not edit. */}}\n{{- if .Values.crds.install }}\n${text.replace(metadata, () => head)}{{- end }}\n`;
};
