{{/* The agent's settings: a file of its own. */}}
{{- define "clef-agent.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-clef-agent
data:
  {{- toYaml (index .Values "clef-agent").env | nindent 2 }}
{{- end -}}
