{{/* metadata.name: name, else the tenant, else the release. */}}
{{- define "kv-responder.name" -}}
{{- coalesce .Values.name .Values.tenant .Release.Name -}}
{{- end }}
