{{/* What the whole pod needs: at `spec`. */}}
{{- define "clef-agent.podSpec" -}}
{{- $agent := index .Values "clef-agent" -}}
# A Service named clef-agent would put addresses into variables that begin like the agent's own.
enableServiceLinks: false
terminationGracePeriodSeconds: 30
securityContext:
  runAsNonRoot: true
  runAsUser: {{ $agent.user }}
  runAsGroup: {{ $agent.user }}
  fsGroup: {{ $agent.user }}
  # Otherwise each mount of a persistent volume opens the agent's folders to the group, and it refuses them.
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{/* Pods start anew when the agent's settings change: among the pod's annotations. */}}
{{- define "clef-agent.podAnnotations" -}}
checksum/clef-agent: {{ include "clef-agent.configMap" . | sha256sum }}
{{- end -}}

{{/* Where the application finds its token: among the volumeMounts of its container. */}}
{{- define "clef-agent.tokenMount" -}}
- name: clef-agent-token
  mountPath: /run/clef-agent
  readOnly: true
{{- end -}}

{{/* What the agent and the application share: among the pod's volumes. */}}
{{- define "clef-agent.volumes" -}}
{{- $agent := index .Values "clef-agent" -}}
- name: clef-agent-token
  {{- if $agent.token.secretName }}
  secret:
    secretName: {{ $agent.token.secretName }}
    # 0440 in octal, as for the age key.
    defaultMode: 288
    items:
      - key: token
        path: token
  {{- else }}
  emptyDir:
    medium: Memory
    sizeLimit: 1Mi
  {{- end }}
{{- with $agent.ageKey }}
{{- if .secretName }}
- name: clef-agent-age-key
  secret:
    secretName: {{ .secretName }}
    # 0440 in octal: owned by root and the pod's fsGroup, which is how the agent may read it.
    defaultMode: 288
    items:
      - key: {{ .key }}
        path: age.key
{{- end }}
{{- end }}
{{- with $agent.diskCache }}
{{- if .enabled }}
- name: clef-agent-cache
  {{- if .claimName }}
  persistentVolumeClaim:
    claimName: {{ .claimName }}
  {{- else }}
  emptyDir:
    sizeLimit: {{ .sizeLimit }}
  {{- end }}
{{- end }}
{{- end }}
{{- end -}}
