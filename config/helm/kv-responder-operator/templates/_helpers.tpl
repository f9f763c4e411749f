{{/* Labels that select, for ever. */}}
{{- define "operator.selector" -}}
app.kubernetes.io/name: kv-responder-operator
{{- end }}

{{/* Labels of every object. Never app.kubernetes.io/instance: Argo CD may track its objects by that label. */}}
{{- define "operator.labels" -}}
app.kubernetes.io/part-of: kv-responder
app.kubernetes.io/version: {{ .Chart.AppVersion }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* registry/name:tag or registry/name@digest, of an image's values and the chart. */}}
{{- define "operator.image" -}}
{{- $image := index . 0 -}}
{{- $chart := index . 1 -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ default $chart.AppVersion $image.tag }}
{{- end -}}
{{- end }}

{{/* What of config is set, as flags: "maxRollouts: 3" is --max-rollouts=3, a list is joined, a map is key=value pairs. */}}
{{- define "operator.flags" -}}
{{- range $name, $value := .Values.config }}
{{- $text := "" }}
{{- if kindIs "slice" $value }}{{ $text = join "," $value }}
{{- else if kindIs "map" $value }}
{{- $pairs := list }}
{{- range $key, $inner := $value }}{{ $pairs = append $pairs (printf "%s=%s" $key $inner) }}{{ end }}
{{- $text = join "," $pairs }}
{{- else if kindIs "string" $value }}{{ $text = $value }}
{{- else if not (kindIs "invalid" $value) }}{{ $text = toJson $value }}
{{- end }}
{{- if $text }}
- {{ printf "--%s=%s" (kebabcase $name) $text | quote }}
{{- end }}
{{- end }}
{{- end }}
