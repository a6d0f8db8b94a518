{{/* The pod of the Deployment and of the Job. */}}
{{- define "api.pod" -}}
metadata:
  labels:
    app.kubernetes.io/name: {{ .Release.Name }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    {{- include "clef-agent.podAnnotations" . | nindent 4 }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- if .Values.job }}
  restartPolicy: Never
  {{- else }}
  serviceAccountName: {{ .Release.Name }}
  {{- end }}
  automountServiceAccountToken: false
  {{- include "clef-agent.podSpec" . | nindent 2 }}
  initContainers:
    {{- include "clef-agent.container" . | nindent 4 }}
  containers:
    - name: app
      image: {{ .Values.image }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: ["ALL"]
        {{- with .Values.appUser }}
        runAsUser: {{ . }}
        runAsGroup: {{ . }}
        {{- end }}
      volumeMounts:
        {{- include "clef-agent.tokenMount" . | nindent 8 }}
  volumes:
    {{- include "clef-agent.volumes" . | nindent 4 }}
{{- end -}}
